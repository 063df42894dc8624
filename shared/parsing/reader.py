"""`CsvReader`: one pass over a file, as batches of text columns with line numbers."""

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
from shared.parsing import chunk, column_mapping, layout, parser, records
from shared.parsing.chunk import RowChunk
from shared.parsing.column_mapping import ColumnMapping, Columns
from shared.parsing.further_tables import FurtherTables
from shared.parsing.layout import Dialect, Layout, Values
from shared.parsing.lines import Lines
from shared.parsing.records import Record
from shared.parsing.rejects import Reject
from shared.parsing.source import Detect, Source

_ENOUGH = 2
"""Known names that make a line a header, at least; of a single column it is the only one."""


def format_detector(columns: Columns, known: Format | None) -> Detect:
    """How to find it, unless it is `known`; names that the `columns` have are the header's."""

    def is_header(names: Sequence[str]) -> bool:
        try:
            columns.match(names, len(names), 1)
        except FileRefused:
            return False
        # Where no column is required, or new ones are welcome, any line would do.
        known = sum(column_names.normalize_name(name) in columns.known for name in names)
        return known >= min(_ENOUGH, len(names))

    def detect(head: bytes, is_whole: bool, overrides: Overrides) -> Format:
        if known is not None:
            return known
        if not column_mapping.is_reject_file(head):
            return look(head, is_whole, overrides)
        found = look(head, is_whole, replace(overrides, **column_mapping.REJECT_LAYOUT))
        return replace(
            found, told=tuple(name for name in found.told if name not in column_mapping.REJECT_LAYOUT)
        )

    def look(head: bytes, is_whole: bool, overrides: Overrides) -> Format:
        found = None
        if columns.known:
            found = detect_standard_csv(head, is_whole=is_whole, overrides=overrides, is_header=is_header)
        return found or detect_format(
            head, is_whole=is_whole, overrides=overrides, known_columns=columns.known
        )

    return detect


_LOOKED_AT = 64 * 1024
_MOST = 200
"""Bytes and records by which the width of a table without a header is told."""


def read_header(lines: Lines, form: Format, columns: Columns) -> tuple[ColumnMapping, Layout]:
    """Take the header of a file of this format, and whatever is above, from its `lines`.

    Raises `FileRefused`.
    """
    dialect = Dialect.of(form)
    is_told = "header_line" in form.told
    _skip(lines, form.header_line - 1 if form.header_line else int(form.sep_line))
    if form.header_line is None:
        header = columns.match(None, _width(lines, dialect), lines.number + 1, is_told=is_told)
        return header, Layout(header.fields, dialect)
    found = list(islice(records.parse_records(lines, None, dialect), form.header_lines))
    _require_readable(found, form.header_line)
    names = column_names.joined_names([_names(record.fields, dialect) for record in found])
    header = columns.match(names, len(names), found[0].line, is_told=is_told)
    headings = layout.header_signature([record.raw for record in found], names)
    return header, Layout(header.fields, dialect, headings)


def _skip(lines: Lines, count: int) -> None:
    while lines.number < count and lines.take() is not None:
        pass


def _require_readable(found: list[Record], line: int) -> None:
    if not found and line > 1:
        raise FileRefused("header_missing", f"There is no header on line {line} or below.", line=line)
    if not found:
        raise _empty()
    for record in found:
        if record.fault:
            raise FileRefused("header_unreadable", f"The header is broken: {record.fault}.", line=record.line)


def _names(values: Values, dialect: Dialect) -> list[str]:
    return [name or "" for name in _without_trailing(values, dialect)]


def _without_trailing(values: Values, dialect: Dialect) -> Values:
    is_cut = dialect.has_trailing_delimiter and len(values) > 1 and not (values[-1] or "").strip()
    return values[:-1] if is_cut else values


def _width(lines: Lines, dialect: Dialect) -> int:
    """Columns that most of the next records have; of equal numbers the first."""
    some = islice(records.parse_records(Lines([lines.ahead(_LOOKED_AT)]), None, dialect), _MOST)
    widths = Counter(len(_without_trailing(record.fields, dialect)) for record in some if not record.fault)
    if not widths:
        raise _empty()
    return widths.most_common(1)[0][0]


def _empty() -> FileRefused:
    return FileRefused("empty", "The file is empty: not even a header.")


_RECORDS = 50_000
_SIZE = 2 * 1024 * 1024
"""Records, or bytes, that make a batch; the last stretch of one may have as much again, or a bit more."""
_FIRST_SIZE = 512 * 1024
"""Bytes that make the first batch; a later one takes no more than all before it, so that they grow."""

_NOTHING = Overrides()


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the file in its order.

    `text` has a column of `string[pyarrow]` for each field of the contract that the file has, missing values
    as NA, and a row for each record of the right width; `lines` has the line number of each, and `raw` gives
    the text of the one at a position. `rejects` are the records that were no rows.
    """

    text: pd.DataFrame
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]


class CsvReader:
    """One pass over a file: iterate over it for its batches, then ask what was read."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        columns: Columns,
        overrides: Overrides = _NOTHING,
        *,
        format: Format | None = None,  # noqa: A002
        footers: Collection[int] = (),
    ) -> None:
        """`blocks` are the file's bytes, `told` is not detected; the header is read here.

        A second pass over the file takes the `format` that the first one found. Records on the lines
        `footers` are rejects. Raises `FileRefused`.
        """
        self._hash = hashlib.sha256()
        self.size = 0
        self.rows = 0
        self.consumed = 0
        self._footers = np.array(sorted(footers), np.int64)
        self._source = Source(map(self._counted, blocks), overrides, format_detector(columns, format))
        self._lines = Lines(self._source)
        self.header, self._layout = read_header(self._lines, self._source.format, columns)
        self._exact = records.parse_records(self._lines, self._layout.width, self._layout.dialect)
        self._breaks = FurtherTables(self._layout)

    @property
    def breaks(self) -> Collection[int]:
        """Lines on which other tables began so far; if any, the file is refused at its end."""
        return self._breaks.lines

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def format(self) -> Format:
        """How the file is read, with what was seen of it so far."""
        return self._source.format

    def max_remaining_bytes(self, file_size: int) -> int | None:
        """Bytes of text that a file of `file_size` can still have, for each value one at least.

        `None` where its size does not tell.
        """
        is_told = self._source.is_as_stored and not self._layout.dialect.pads
        return file_size - self.consumed if is_told else None

    def __iter__(self) -> Iterator[Batch]:
        """The batches; raises `FileRefused`, after the rows before, where the file turns out to be none.

        Where it has several tables, that is at its end, so that all are known.
        """
        waiting: list[RowChunk] = []
        try:
            for read in parser.parse_chunks(self._lines, self._exact, self._layout):
                self._breaks.look(read)
                waiting.append(read)
                del read  # not to be kept while the next one is read
                if self._is_enough(waiting):
                    yield self._batch(waiting)
                    waiting = []
        except FileRefused:
            if waiting:
                yield self._batch(waiting)
            raise
        if waiting:
            yield self._batch(waiting)
        self._breaks.require_none()

    def _is_enough(self, waiting: list[RowChunk]) -> bool:
        size = min(_SIZE, max(_FIRST_SIZE, self.consumed))
        return sum(read.records for read in waiting) >= _RECORDS or sum(read.size for read in waiting) >= size

    def _counted(self, block: bytes) -> bytes:
        self._hash.update(block)
        self.size += len(block)
        return block

    def _batch(self, waiting: list[RowChunk]) -> Batch:
        joined = chunk.move_to_rejects(chunk.concat_chunks(waiting), self._footers)
        self.rows += joined.records
        self.consumed += joined.size
        loaded = [name for name in self.header.fields if name is not None]
        text = {
            name: pd.Series(pd.arrays.ArrowExtensionArray(column))
            for name, column in zip(loaded, joined.columns, strict=True)
        }
        return Batch(pd.DataFrame(text), joined.lines, joined.raw, joined.rejects)
