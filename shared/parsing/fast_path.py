"""The fast path: records that pyarrow parses exactly as the exact parser does.

Such a byte is a NUL, one that is no UTF-8, a CR without its LF, a quote that neither opens nor closes a field
nor stands beside another one inside of it, an escape, a byte order mark that begins a line (at the start
pyarrow would drop it), the first of a header that comes again, or the one that stands in for a delimiter
where there is none.
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

from shared.parsing.chunk import IrregularRecord, RowChunk, ragged_reject
from shared.parsing.layout import Dialect, Layout
from shared.parsing.lines import LONGEST_RECORD

LF, CR = b"\n\r"
NO_DELIMITER = "\x1f"
"""What pyarrow is told to be the delimiter of a single column; a line with it is not plain."""

_BOM = codecs.BOM_UTF8
_DECODED_AT_A_TIME = 1024 * 1024

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]


def _those(*values: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(values)] = True
    return table


@cache
def _borders(delimiter: str, quote: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What stands before a quote that opens, and behind one that closes; a CR alone is found on its own."""
    inside = (LF, *delimiter.encode(), *quote.encode())
    return _those(*inside), _those(*inside, CR)


def first_unsafe_byte(
    window: bytes, values: Bytes, ends: Positions, quotes: Positions, layout: Layout
) -> int:
    """The place of the first suspicious byte, or the number of `values` if there is none.

    `values` are the bytes of `window`, or of its beginning, `ends` the places of its LFs, `quotes` those of
    its quotes. They must begin where a record does, and end with an LF.
    """
    size = len(values)
    lines = _repeated(layout.headings)
    if window.startswith((_BOM, *(line.removeprefix(b"\n") for line in lines))):
        return 0
    nul = window.find(b"\0", 0, size)
    return min(
        size if nul < 0 else nul,
        *(at for byte in _unsafe_marks(layout.dialect) if (at := window.find(byte, 0, size)) >= 0),
        *(at + 1 for line in lines if (at := window.find(line, 0, size)) >= 0),
        size if window.isascii() else _first_foreign(window, size),
        size if window.find(b"\r", 0, size) < 0 else _first_lone_cr(values, ends),
        _first_stray_quote(values, quotes, layout.dialect) if len(quotes) else size,
    )


@cache
def _repeated(headings: tuple[str, ...]) -> list[bytes]:
    """The lines of a header, if it is one's, with the line end above."""
    lines = {heading.encode("utf-8", "surrogateescape") for heading in headings}
    ends = (b"\n", b"\r\n")
    return [b"\n" + mark + line + end for line in lines for mark in (b"", _BOM) for end in ends]


def _unsafe_marks(dialect: Dialect) -> list[bytes]:
    """Bytes that are suspicious in this dialect."""
    return [
        *([dialect.escape.encode()] if dialect.escape else []),
        *([] if dialect.delimiter else [NO_DELIMITER.encode()]),
    ]


def _first_foreign(window: bytes, size: int) -> int:
    """The first mark that begins a line, or byte that is no UTF-8."""
    mark = window.find(b"\n" + _BOM, 0, size) + 1
    return min(mark or size, _first_not_utf8(memoryview(window)[:size]))


def _first_not_utf8(content: memoryview) -> int:
    at = 0
    while at < len(content):
        piece = content[at : at + _DECODED_AT_A_TIME]
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
    places = np.flatnonzero(values == CR)
    return int(places[values[places + 1] != LF][0])


def _first_stray_quote(values: Bytes, quotes: Positions, dialect: Dialect) -> int:
    """By turns quotes open and close; a doubled one inside a field closes it and opens it again."""
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
"""Records of one stretch; with `_MOST_MARKS` it bounds the memory that the places of records take."""

_MOST_MARKS = 1_000_000
"""Quotes and line ends looked at together, 8 bytes each."""

_LOOKED_AT_A_TIME = 256 * 1024
"""Bytes; few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class SimpleRecords:
    """Records at a window's beginning, blank lines left out.

    The one at a position goes from `starts` to before `ends`, its LF, and begins on line `numbers`. They
    take `size` bytes and `lines` lines, blank ones included, which have the numbers `blank`. `trouble` says
    whether a record follows that needs the exact parser.
    """

    size: int
    lines: int
    starts: Positions
    ends: Positions
    numbers: npt.NDArray[np.int64]
    blank: npt.NDArray[np.int64]
    trouble: bool


def find_simple_records(window: bytes, number: int, layout: Layout) -> SimpleRecords:
    """The plain records at the beginning of `window`, which starts with a record on line `number`.

    A record at the file's end that has no line end is not among them: where its last field is missing and
    the one before is quoted, pyarrow takes it for quoted too.
    """
    marks, values = _marks(window, layout.dialect.quote)
    is_quote = values[marks] != LF
    is_outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
    suspicious = first_unsafe_byte(window, values, marks[~is_quote], marks[is_quote], layout)
    is_end = ~is_quote & is_outside
    ends, after = marks[is_end], np.cumsum(~is_quote)[is_end]
    return _cut(values, ends, after, suspicious, number)


def _marks(window: bytes, quote: str) -> tuple[Positions, Bytes]:
    """The places of quotes and LFs in the lines of `window`, or in its first ones where they are too many."""
    values = np.frombuffer(window, np.uint8)
    found: list[Positions] = []
    stop = 0
    while stop < len(values) and sum(map(len, found)) < _MOST_MARKS:
        piece = values[stop : stop + _LOOKED_AT_A_TIME]
        is_mark = (piece == LF) | (piece == ord(quote)) if quote else piece == LF
        found.append(np.flatnonzero(is_mark) + stop)
        stop += len(piece)
    size = window.rfind(b"\n", 0, stop) + 1
    marks = np.concatenate(found)
    return marks[: np.searchsorted(marks, size)], values[:size]


def _cut(values: Bytes, ends: Positions, after: Positions, suspicious: int, number: int) -> SimpleRecords:
    """The records that end at `ends`, `after` so many lines, up to the first that is not plain."""
    starts = np.append(0, ends + 1)[:-1]
    is_exact = (ends - starts > LONGEST_RECORD) | (ends > suspicious)
    plain = int(np.argmax(is_exact)) if is_exact.any() else len(ends)
    count = min(plain, MAX_RECORDS)
    starts, ends, numbers = starts[:count], ends[:count], number + np.append(0, after)[:count]
    is_full = ~np.isin(values[starts], (CR, LF))
    return SimpleRecords(
        size=int(ends[-1]) + 1 if count else 0,
        lines=int(after[count - 1]) if count else 0,
        starts=starts[is_full],
        ends=ends[is_full],
        numbers=numbers[is_full],
        blank=numbers[~is_full],
        trouble=count == plain and (plain < len(ends) or suspicious < len(values)),
    )


class NeedsExactParser(Exception):
    """The record at `place` needs the exact parser: its values are not as many as the columns.

    A record of several lines may then have a quote that was not closed; others may be rows all the same.
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def read_simple_records(window: bytes, plain: SimpleRecords, layout: Layout) -> RowChunk | None:
    """The `plain` records of `window`, or `None` should pyarrow count them otherwise than we do.

    Raises `NotPlain` with the place of the first record that is not after all.
    """
    width = layout.width
    written = width + layout.dialect.has_trailing_delimiter
    found: list[tuple[int, int]] = []  # of each ragged record: its place, its number of values

    def note(row: Any) -> str:
        found.append((row.number - 1, row.actual_columns))
        return "skip"

    table = _table(memoryview(window)[: plain.size], layout, written, note)
    if table.num_rows + len(found) != len(plain.starts):
        return None
    is_row = np.ones(len(plain.starts), np.bool_)
    is_row[[place for place, _ in found]] = False
    starts, ends = plain.starts, plain.ends
    for place in _doubtful(table, found, is_row, layout):
        if layout.dialect.pads or b"\n" in window[starts[place] : ends[place]] or written > width:
            raise NeedsExactParser(place)

    def raw(place: int) -> str:
        return window[starts[place] : ends[place]].removesuffix(b"\r").decode()

    places = np.flatnonzero(is_row) if found else None
    numbers = plain.numbers
    return RowChunk(
        columns=[table.column(str(place)) for place, field in enumerate(layout.fields) if field is not None],
        lines=numbers[is_row],
        raw=raw if places is None else lambda position: raw(int(places[position])),
        rejects=[ragged_reject(int(numbers[place]), raw(place), count, width) for place, count in found],
        size=plain.size,
        odd=[IrregularRecord(int(numbers[place]), raw(place), count) for place, count in found],
        after_blank=np.intersect1d(numbers, plain.blank + 1, assume_unique=True),
    )


def _doubtful(
    table: pa.Table, found: list[tuple[int, int]], is_row: npt.NDArray[np.bool_], layout: Layout
) -> list[int]:
    """Places of records, in order, that may be rows though ragged, or none for their last value."""
    places = [place for place, _ in found]
    if layout.dialect.has_trailing_delimiter:
        is_full = pc.not_equal(table.column(str(layout.width)).fill_null(pa.scalar("")), pa.scalar(""))
        places += np.flatnonzero(is_row)[np.flatnonzero(is_full.to_numpy())].tolist()
    return sorted(places)


def _table(content: memoryview, layout: Layout, written: int, note: Any) -> pa.Table:
    names = [str(place) for place in range(written)]
    loaded = [str(place) for place, field in enumerate(layout.fields) if field is not None]
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False,
            column_names=names,
            block_size=len(content) + 1,  # in one piece, so that a row's number is its place
        ),
        parse_options=_parse_options(layout.dialect, note),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[*loaded, *names[layout.width :]] or names[:1],  # none would mean all
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def _parse_options(dialect: Dialect, note: Any) -> csv.ParseOptions:
    return csv.ParseOptions(
        delimiter=dialect.delimiter or NO_DELIMITER,
        quote_char=dialect.quote or False,
        newlines_in_values=True,
        invalid_row_handler=note,
    )
