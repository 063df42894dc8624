"""The fast path: records that pyarrow parses exactly as the exact parser does.

All records before the first unsafe byte are such simple records. Unsafe are: a NUL, invalid UTF-8, a CR
without LF, a quote that neither opens nor closes a field nor is doubled inside one, an escape, a byte order
mark at the beginning of a line (pyarrow drops one at the start), the first byte of a repeated header, and, in
a file with a single column, the byte that pyarrow gets as delimiter.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from shared.parsing.chunk import IrregularRecord, RowChunk
from shared.parsing.exact_parser import ragged_reject
from shared.parsing.layout import Dialect, Layout
from shared.parsing.lines import MAX_RECORD_BYTES

LF, CR = b"\n\r"
NO_DELIMITER = "\x1f"
"""The delimiter that pyarrow gets for a file with a single column."""

_BOM = codecs.BOM_UTF8
_DECODE_BYTES = 1024 * 1024
"""Bytes that are decoded at a time."""

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]


def _byte_set(*values: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(values)] = True
    return table


@cache
def _borders(delimiter: str, quote: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """The bytes that may precede an opening quote, and those that may follow a closing one.

    A CR without LF is found by `_first_lone_cr`.
    """
    borders = (LF, *delimiter.encode(), *quote.encode())
    return _byte_set(*borders), _byte_set(*borders, CR)


def first_unsafe_byte(
    window: bytes, values: Bytes, ends: Positions, quotes: Positions, layout: Layout
) -> int:
    """Return the position of the first unsafe byte, or the number of `values` if there is none.

    `values` are the bytes of `window` or of its beginning: they begin with a record and end with an LF.
    `ends` are the positions of the LFs, `quotes` those of the quotes.
    """
    size = len(values)
    lines = _repeated_header_lines(layout.headings)
    if window.startswith((_BOM, *(line.removeprefix(b"\n") for line in lines))):
        return 0
    nul = window.find(b"\0", 0, size)
    return min(
        size if nul < 0 else nul,
        *(at for byte in _unsafe_characters(layout.dialect) if (at := window.find(byte, 0, size)) >= 0),
        *(at + 1 for line in lines if (at := window.find(line, 0, size)) >= 0),
        size if window.isascii() else _first_bom_or_not_utf8(window, size),
        size if window.find(b"\r", 0, size) < 0 else _first_lone_cr(values, ends),
        _first_stray_quote(values, quotes, layout.dialect) if len(quotes) else size,
    )


@cache
def _repeated_header_lines(headings: tuple[str, ...]) -> list[bytes]:
    """The lines of a repeated header, each with the line end above it."""
    lines = {heading.encode("utf-8", "surrogateescape") for heading in headings}
    ends = (b"\n", b"\r\n")
    return [b"\n" + bom + line + end for line in lines for bom in (b"", _BOM) for end in ends]


def _unsafe_characters(dialect: Dialect) -> list[bytes]:
    """The bytes that are unsafe in this dialect only."""
    return [
        *([dialect.escape.encode()] if dialect.escape else []),
        *([] if dialect.delimiter else [NO_DELIMITER.encode()]),
    ]


def _first_bom_or_not_utf8(window: bytes, size: int) -> int:
    """The first byte order mark at the beginning of a line, or byte that is not UTF-8."""
    bom = window.find(b"\n" + _BOM, 0, size) + 1
    return min(bom or size, _first_not_utf8(memoryview(window)[:size]))


def _first_not_utf8(content: memoryview) -> int:
    at = 0
    while at < len(content):
        piece = content[at : at + _DECODE_BYTES]
        final = at + len(piece) == len(content)
        try:
            at += codecs.utf_8_decode(piece, "strict", final)[1]
        except UnicodeDecodeError as exc:
            return at + exc.start
    return at


def _first_lone_cr(values: Bytes, ends: Positions) -> int:
    in_pairs = np.count_nonzero(values[ends[ends > 0] - 1] == CR)
    if in_pairs == np.count_nonzero(values == CR):
        return len(values)
    positions = np.flatnonzero(values == CR)
    return int(positions[values[positions + 1] != LF][0])


def _first_stray_quote(values: Bytes, quotes: Positions, dialect: Dialect) -> int:
    """The first quote in a wrong position.

    Quotes open and close a field alternately; a doubled quote inside a field closes and opens it again.
    """
    opening, closing = quotes[0::2], quotes[1::2]
    may_precede, may_follow = _borders(dialect.delimiter, dialect.quote)
    before = may_precede[values[opening - 1]]
    before[0] |= opening[0] == 0
    after = may_follow[values[closing + 1]]
    return min(
        int(opening[np.argmin(before)]) if not before.all() else len(values),
        int(closing[np.argmin(after)]) if not after.all() else len(values),
    )


MAX_RECORDS = 100_000
"""Records of one chunk; with `_MAX_MARKS` it bounds the memory for the positions of records."""

_MAX_MARKS = 1_000_000
"""Quotes and line ends whose positions are collected together, 8 bytes each."""

_SCAN_BYTES = 256 * 1024
"""Bytes scanned at a time; few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class SimpleRecords:
    """The simple records at the beginning of a window, without blank lines.

    The record at a position extends from `starts` to `ends`, the position of its LF, and begins on line
    `numbers`. All take `size` bytes and `lines` lines, including blank lines, whose numbers are `blank`.
    `needs_exact` is true if a record follows that needs the exact parser.
    """

    size: int
    lines: int
    starts: Positions
    ends: Positions
    numbers: npt.NDArray[np.int64]
    blank: npt.NDArray[np.int64]
    needs_exact: bool


def find_simple_records(window: bytes, number: int, layout: Layout) -> SimpleRecords:
    """Find the simple records at the beginning of `window`, which starts with a record on line `number`.

    A record at the file's end without a line end is not simple: where its last field is missing and the
    field before is quoted, pyarrow reads the last one as quoted too.
    """
    marks, values = _marks(window, layout.dialect.quote)
    is_quote = values[marks] != LF
    is_outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
    unsafe = first_unsafe_byte(window, values, marks[~is_quote], marks[is_quote], layout)
    is_end = ~is_quote & is_outside
    ends, lines = marks[is_end], np.cumsum(~is_quote)[is_end]
    return _simple_records(values, ends, lines, unsafe, number)


def _marks(window: bytes, quote: str) -> tuple[Positions, Bytes]:
    """The positions of quotes and LFs in the whole lines of `window`, and the bytes of these lines.

    Only the first lines of `window` where there are too many quotes and LFs.
    """
    values = np.frombuffer(window, np.uint8)
    pieces: list[Positions] = []
    stop = 0
    while stop < len(values) and sum(map(len, pieces)) < _MAX_MARKS:
        piece = values[stop : stop + _SCAN_BYTES]
        is_mark = (piece == LF) | (piece == ord(quote)) if quote else piece == LF
        pieces.append(np.flatnonzero(is_mark) + stop)
        stop += len(piece)
    size = window.rfind(b"\n", 0, stop) + 1
    marks = np.concatenate(pieces)
    return marks[: np.searchsorted(marks, size)], values[:size]


def _simple_records(
    values: Bytes, ends: Positions, lines: Positions, unsafe: int, number: int
) -> SimpleRecords:
    """The records up to the first one that is not simple.

    The record that ends at one of `ends` is the last one of the first `lines` lines.
    """
    starts = np.append(0, ends + 1)[:-1]
    is_exact = (ends - starts > MAX_RECORD_BYTES) | (ends > unsafe)
    simple = int(np.argmax(is_exact)) if is_exact.any() else len(ends)
    count = min(simple, MAX_RECORDS)
    starts, ends, numbers = starts[:count], ends[:count], number + np.append(0, lines)[:count]
    is_filled = ~np.isin(values[starts], (CR, LF))
    return SimpleRecords(
        size=int(ends[-1]) + 1 if count else 0,
        lines=int(lines[count - 1]) if count else 0,
        starts=starts[is_filled],
        ends=ends[is_filled],
        numbers=numbers[is_filled],
        blank=numbers[~is_filled],
        needs_exact=count == simple and (simple < len(ends) or unsafe < len(values)),
    )


class NeedsExactParser(Exception):
    """The record at `position` has another number of values than columns and needs the exact parser.

    If it has several lines, a quote may not be closed; with padding or a trailing delimiter it may be a row.
    """

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position


def read_simple_records(window: bytes, simple: SimpleRecords, layout: Layout) -> RowChunk | None:
    """Read the `simple` records of `window`; `None` if pyarrow finds another number of records.

    Raises `NeedsExactParser` with the position of the first record that is not simple after all.
    """
    width = layout.width
    written_width = width + layout.dialect.has_trailing_delimiter
    ragged: list[tuple[int, int]] = []  # position and number of values of each ragged record

    def add_ragged(row: Any) -> str:
        ragged.append((row.number - 1, row.actual_columns))
        return "skip"

    table = _read_table(memoryview(window)[: simple.size], layout, written_width, add_ragged)
    if table.num_rows + len(ragged) != len(simple.starts):
        return None
    is_row = np.ones(len(simple.starts), np.bool_)
    is_row[[position for position, _ in ragged]] = False
    starts, ends, numbers = simple.starts, simple.ends, simple.numbers
    for position in _uncertain_positions(table, ragged, is_row, layout):
        is_multiline = b"\n" in window[starts[position] : ends[position]]
        if layout.dialect.pads or is_multiline or written_width > width:
            raise NeedsExactParser(position)

    def raw(position: int) -> str:
        return window[starts[position] : ends[position]].removesuffix(b"\r").decode()

    rows = np.flatnonzero(is_row) if ragged else None
    return RowChunk(
        columns=[table.column(str(index)) for index, field in enumerate(layout.fields) if field is not None],
        lines=numbers[is_row],
        raw=raw if rows is None else lambda position: raw(int(rows[position])),
        rejects=[ragged_reject(int(numbers[at]), raw(at), fields, width) for at, fields in ragged],
        size=simple.size,
        irregular=[IrregularRecord(int(numbers[at]), raw(at), fields) for at, fields in ragged],
        after_blank=np.intersect1d(numbers, simple.blank + 1, assume_unique=True),
    )


def _uncertain_positions(
    table: pa.Table, ragged: list[tuple[int, int]], is_row: npt.NDArray[np.bool_], layout: Layout
) -> list[int]:
    """The positions, in order, of ragged records, and of rows with a value behind the trailing delimiter."""
    positions = [position for position, _ in ragged]
    if layout.dialect.has_trailing_delimiter:
        is_filled = pc.not_equal(table.column(str(layout.width)).fill_null(pa.scalar("")), pa.scalar(""))
        positions += np.flatnonzero(is_row)[np.flatnonzero(is_filled.to_numpy())].tolist()
    return sorted(positions)


def _read_table(content: memoryview, layout: Layout, written_width: int, add_ragged: Any) -> pa.Table:
    names = [str(index) for index in range(written_width)]
    loaded = [str(index) for index, field in enumerate(layout.fields) if field is not None]
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False,
            column_names=names,
            block_size=len(content) + 1,  # one block, so that the number of a row is its position
        ),
        parse_options=_parse_options(layout.dialect, add_ragged),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[*loaded, *names[layout.width :]] or names[:1],  # an empty list means all
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def _parse_options(dialect: Dialect, add_ragged: Any) -> csv.ParseOptions:
    return csv.ParseOptions(
        delimiter=dialect.delimiter or NO_DELIMITER,
        quote_char=dialect.quote or False,
        newlines_in_values=True,
        invalid_row_handler=add_ragged,
    )
