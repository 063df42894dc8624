"""`CsvReader`: one pass over a file as batches of text columns with line numbers."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt
import pandas as pd

from shared.contracts import column_names
from shared.detection.detect import detect_format, detect_standard_csv
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.parsing import chunk, column_mapping, exact_parser, layout, parser
from shared.parsing.chunk import RowChunk
from shared.parsing.column_mapping import ColumnMapping, Columns
from shared.parsing.exact_parser import Record
from shared.parsing.further_tables import FurtherTables
from shared.parsing.layout import Dialect, Layout, Values
from shared.parsing.lines import Lines
from shared.parsing.rejects import Reject
from shared.parsing.source import Detect, Source

_MIN_KNOWN_NAMES = 2
"""Known names that a header has at least; a header of a single column has one."""


def format_detector(columns: Columns, known: Format | None) -> Detect:
    """Return the function that detects the format of a file with these `columns`, unless it is `known`."""

    def is_header(names: Sequence[str]) -> bool:
        try:
            columns.match(names, len(names), 1)
        except FileRefused:
            return False
        # Where no column is required, or new columns are added to the table, every line matches.
        count = sum(column_names.normalize_name(name) in columns.known for name in names)
        return count >= min(_MIN_KNOWN_NAMES, len(names))

    def detect(head: bytes, is_whole: bool, overrides: Overrides) -> Format:
        if known is not None:
            return known
        if not column_mapping.is_reject_file(head):
            return detect_any(head, is_whole, overrides)
        form = detect_any(head, is_whole, replace(overrides, **column_mapping.REJECT_LAYOUT))
        told = tuple(name for name in form.told if name not in column_mapping.REJECT_LAYOUT)
        return replace(form, told=told)

    def detect_any(head: bytes, is_whole: bool, overrides: Overrides) -> Format:
        standard = None
        if columns.known:
            standard = detect_standard_csv(head, is_whole=is_whole, overrides=overrides, is_header=is_header)
        return standard or detect_format(
            head, is_whole=is_whole, overrides=overrides, known_columns=columns.known
        )

    return detect


_WIDTH_BYTES = 64 * 1024
_WIDTH_RECORDS = 200
"""Bytes and records from which the width of a table without a header is taken."""


def read_header(lines: Lines, form: Format, columns: Columns) -> tuple[ColumnMapping, Layout]:
    """Take the header of a file with this format, and everything above it, from its `lines`.

    Raises `FileRefused`.
    """
    dialect = Dialect.of(form)
    is_explicit = "header_line" in form.told
    _skip(lines, form.header_line - 1 if form.header_line else int(form.sep_line))
    if form.header_line is None:
        width = _common_width(lines, dialect)
        header = columns.match(None, width, lines.number + 1, is_explicit=is_explicit)
        return header, Layout(header.fields, dialect)
    header_records = list(islice(exact_parser.parse_records(lines, None, dialect), form.header_lines))
    _check_header_records(header_records, form.header_line)
    names = column_names.joined_names([_names(record.fields, dialect) for record in header_records])
    header = columns.match(names, len(names), header_records[0].line, is_explicit=is_explicit)
    headings = layout.header_signature([record.raw for record in header_records], names)
    return header, Layout(header.fields, dialect, headings)


def _skip(lines: Lines, count: int) -> None:
    while lines.number < count and lines.take() is not None:
        pass


def _check_header_records(header_records: list[Record], line: int) -> None:
    if not header_records and line > 1:
        raise FileRefused("header_missing", line=line)
    if not header_records:
        raise FileRefused("empty")
    for record in header_records:
        if record.fault:
            raise FileRefused("header_unreadable", {"reason": record.fault}, line=record.line)


def _names(values: Values, dialect: Dialect) -> list[str]:
    return [name or "" for name in _without_trailing(values, dialect)]


def _without_trailing(values: Values, dialect: Dialect) -> Values:
    is_cut = dialect.has_trailing_delimiter and len(values) > 1 and not (values[-1] or "").strip()
    return values[:-1] if is_cut else values


def _common_width(lines: Lines, dialect: Dialect) -> int:
    """The width that most of the next records have, or the first of several such widths."""
    head = Lines([lines.ahead(_WIDTH_BYTES)])
    next_records = islice(exact_parser.parse_records(head, None, dialect), _WIDTH_RECORDS)
    widths = Counter(
        len(_without_trailing(record.fields, dialect)) for record in next_records if not record.fault
    )
    if not widths:
        raise FileRefused("empty")
    return widths.most_common(1)[0][0]


_BATCH_RECORDS = 50_000
_BATCH_BYTES = 2 * 1024 * 1024
"""Records, or bytes, after which a batch is complete; its last chunk may have about as many again."""
_FIRST_BATCH_BYTES = 512 * 1024
"""Bytes of the first batch; a later batch takes no more than all batches before it, so that they grow."""

_NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows of the file.

    `text` has a column of `string[pyarrow]` for each field of the contract that the file has, missing values
    as NA, and a row for each record of the right width. `lines` has the line number of each row, and `raw`
    returns the text of the row at a position. `rejects` are the records that are not rows.
    """

    text: pd.DataFrame
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]


class CsvReader:
    """One pass over a file: iterate over it for its batches; its properties describe what was read so far."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        columns: Columns,
        overrides: Overrides = _NO_OVERRIDES,
        *,
        format: Format | None = None,  # noqa: A002
        footers: Collection[int] = (),
    ) -> None:
        """Read the header of the file with these bytes, whose format is detected but for the `overrides`.

        A second pass over the file takes the `format` that the first one detected. Records on the lines
        `footers` are rejects. Raises `FileRefused`.
        """
        self._hash = hashlib.sha256()
        self.size = 0
        self.rows = 0
        self.consumed = 0
        self._footers = np.array(sorted(footers), np.int64)
        self._source = Source(map(self._count, blocks), overrides, format_detector(columns, format))
        self._lines = Lines(self._source)
        self.header, self._layout = read_header(self._lines, self._source.format, columns)
        self._exact = exact_parser.parse_records(self._lines, self._layout.width, self._layout.dialect)
        self._further_tables = FurtherTables(self._layout)

    @property
    def further_tables(self) -> Collection[int]:
        """The lines on which further tables began so far; if any, the file is refused at its end."""
        return self._further_tables.lines

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def format(self) -> Format:
        """The format of the file, as far as it is known from the bytes read so far."""
        return self._source.format

    def max_remaining_bytes(self, file_size: int) -> int | None:
        """Bytes of text that a file of `file_size` can still have; each value takes one at least.

        `None` where the size does not limit the text: after decompression, decoding or padding.
        """
        is_limited = self._source.is_as_stored and not self._layout.dialect.pads
        return file_size - self.consumed if is_limited else None

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches; raises `FileRefused` where the file cannot be parsed, after the rows before.

        A file with further tables is refused at its end, so that the error lists all of them.
        """
        chunks: list[RowChunk] = []
        try:
            for read in parser.parse_chunks(self._lines, self._exact, self._layout):
                self._further_tables.add(read)
                chunks.append(read)
                del read  # so that its memory can be freed while the next chunk is read
                if self._is_full(chunks):
                    yield self._batch(chunks)
                    chunks = []
        except FileRefused:
            if chunks:
                yield self._batch(chunks)
            raise
        if chunks:
            yield self._batch(chunks)
        self._further_tables.check_none()

    def _is_full(self, chunks: list[RowChunk]) -> bool:
        max_bytes = min(_BATCH_BYTES, max(_FIRST_BATCH_BYTES, self.consumed))
        records, size = sum(each.records for each in chunks), sum(each.size for each in chunks)
        return records >= _BATCH_RECORDS or size >= max_bytes

    def _count(self, block: bytes) -> bytes:
        self._hash.update(block)
        self.size += len(block)
        return block

    def _batch(self, chunks: list[RowChunk]) -> Batch:
        joined = chunk.move_to_rejects(chunk.concat_chunks(chunks), self._footers)
        self.rows += joined.records
        self.consumed += joined.size
        loaded = [name for name in self.header.fields if name is not None]
        text = {
            name: pd.Series(pd.arrays.ArrowExtensionArray(column))
            for name, column in zip(loaded, joined.columns, strict=True)
        }
        return Batch(pd.DataFrame(text), joined.lines, joined.raw, joined.rejects)
