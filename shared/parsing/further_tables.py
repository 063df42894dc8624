"""Detects footers and further tables below the rows of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.detection.sample import cell_kind
from shared.errors import FileRefused
from shared.parsing import exact_parser
from shared.parsing.chunk import IrregularRecord, RowChunk, TextColumn
from shared.parsing.layout import Layout
from shared.parsing.lines import Lines

_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|page|running)[ -]?)?totals?|sums?|summen?|gesamt(?:summe|betrag)?|zwischensumme"
    r"|insgesamt|totaal|subtotaal|sommes?|total (?:g[eé]n[eé]ral|general|geral)|totale|totali|totaux|somma"
    r"|suma|soma|razem|celkem|[oö]sszesen|summa|yhteens[aä]|toplam|итого|всего|合計|小計|总计|合计|합계|σύνολο",
    re.IGNORECASE,
)

Tail = Sequence[tuple[int, Sequence[str | None]]]
"""The last records of a file in order: the line and the values of each."""


def footer_lines(tail: Tail) -> set[int]:
    """Return the lines of the records in `tail` that are a footer.

    Footer records are the last ones and begin with a word such as `Total:`. Each fills at most half as many
    cells as the rows above usually do, or fewer than any of them, or the footer is below a blank line.
    Without rows above there is no footer.
    """
    count = 0
    while count < len(tail) and _is_total(tail[-count - 1][1]):
        count += 1
    body, ends = tail[: len(tail) - count], tail[len(tail) - count :]
    if not body or not ends:
        return set()
    filled = [_count_filled(values) for _, values in body]
    max_filled = max(median_high(filled) // 2, min(filled) - 1)
    is_below_blank = ends[0][0] > _line_after(body[-1])
    return {line for line, values in ends if is_below_blank or _count_filled(values) <= max_filled}


def is_total_word(text: str) -> bool:
    """Whether `text` is a word for a sum, perhaps followed by `:` and the sum, as in `Total: 3`."""
    return _TOTAL.fullmatch(text.partition(":")[0].strip()) is not None


def labels_next_value(text: str) -> bool:
    """Whether `text` is the label of the value in the next cell, as in a footer."""
    return text.strip().endswith(":") or is_total_word(text)


def _is_total(values: Sequence[str | None]) -> bool:
    first = next((value for value in values if value and value.strip()), "")
    return is_total_word(first)


def _count_filled(values: Sequence[str | None]) -> int:
    return sum(1 for value in values if value and value.strip())


def _line_after(record: tuple[int, Sequence[str | None]]) -> int:
    line, values = record
    return line + 1 + sum(value.count("\n") for value in values if value)


_ROWS_ABOVE = 50
_MIN_VALUES_ABOVE = 2
"""Rows by which the kind of a column is decided, and how many of them must have a value."""

_MAX_ROWS_CHECKED = 1000
"""Rows of a chunk below blank lines that are checked; with more, blank lines do not separate tables."""

_MEASURED_KINDS = {"number", "time"}


def padding_lines(chunk: RowChunk) -> npt.NDArray[np.int64]:
    """The lines of rows without any value, which spreadsheets write in place of blank lines."""
    is_empty = np.ones(len(chunk.lines), np.bool_)
    for column in chunk.columns:
        if not column.null_count:
            return np.array([], np.int64)
        is_empty &= column.is_null().to_numpy()
        if not is_empty.any():
            break
    return chunk.lines[is_empty] if chunk.columns else np.array([], np.int64)


class RepeatedHeaderFinder:
    """Finds rows below a blank line that name columns, where the rows above have values.

    Such a row has different words without digits, one of them in a column that has only numbers or dates
    above, and a record is on the line below. In a row of two words both words must be in such columns:
    otherwise they are a label and its value in a footer.
    """

    def __init__(self) -> None:
        self._above: list[TextColumn] = []
        self._candidate: tuple[int, int] | None = None  # the line of a chunk's last row, and the line below

    def add(self, chunk: RowChunk, after_blank: set[int]) -> list[int]:
        """Take the next chunk, with the lines that are below blank ones; return the header lines found."""
        lines = {*chunk.lines.tolist(), *(reject.line for reject in chunk.rejects)} if after_blank else set()
        found: list[int] = []
        if self._candidate and self._candidate[1] == _first_line(chunk):
            found.append(self._candidate[0])
        self._candidate = self._candidate if not chunk.records else None
        positions = np.flatnonzero(np.isin(chunk.lines, list(after_blank))).tolist() if after_blank else []
        for position in positions[:_MAX_ROWS_CHECKED]:
            if not self._names_columns(chunk, position):
                continue
            line = int(chunk.lines[position])
            below = line + chunk.raw(position).count("\n") + 1
            if below in lines and below not in after_blank:
                found.append(line)
            elif line == max(lines):
                self._candidate = line, below
        self._store_last_rows(chunk)
        return found

    def _names_columns(self, chunk: RowChunk, position: int) -> bool:
        cells = [column[position].as_py() for column in chunk.columns]
        words = [cell.strip() for cell in cells if cell and cell.strip()]
        is_worded = all(cell_kind(word) == "text" and not any(map(str.isdigit, word)) for word in words)
        if len(words) < _LABEL_AND_VALUE or len(set(words)) < len(words) or not is_worded:
            return False
        if labels_next_value(words[0]):
            return False
        filled = [number for number, cell in enumerate(cells) if cell and cell.strip()]
        is_measured = (self._is_measured(chunk, position, number) for number in filled)
        return all(is_measured) if len(words) == _LABEL_AND_VALUE else any(is_measured)

    def _is_measured(self, chunk: RowChunk, position: int, number: int) -> bool:
        """Whether column `number` has only numbers, or only dates, in the rows above."""
        start, length = max(position - _ROWS_ABOVE, 0), min(position, _ROWS_ABOVE)
        here = chunk.columns[number].slice(start, length).to_pylist()
        before = self._above[number].to_pylist() if self._above else []
        values = [value for value in [*before, *here][-_ROWS_ABOVE:] if value]
        kinds = {kind for value in values if (kind := cell_kind(value)) != "empty"}
        return len(values) >= _MIN_VALUES_ABOVE and len(kinds) == 1 and kinds <= _MEASURED_KINDS

    def _store_last_rows(self, chunk: RowChunk) -> None:
        """Copy the last rows, so that the chunk itself can be freed."""
        count = min(len(chunk.lines), _ROWS_ABOVE)
        if count:
            positions = pa.array(range(len(chunk.lines) - count, len(chunk.lines)))
            self._above = [pc.take(column, positions) for column in chunk.columns]


def _first_line(chunk: RowChunk) -> int:
    lines = [*chunk.lines[:1].tolist(), *(reject.line for reject in chunk.rejects[:1])]
    return min(lines, default=0)


_MAX_TABLES = 20
_LABEL_AND_VALUE = 2


class FurtherTables:
    """The `lines` on which further tables begin, in order, found while the file is read.

    A further table begins, below rows and a blank line, with a repeated header, with a row that names
    columns, or with two or more records that have the same width, different from the table's. A title of one
    value may be above it. A label with its value, or with a sum, is a footer.
    """

    def __init__(self, layout: Layout) -> None:
        self.lines: list[int] = []
        self._layout = layout
        self._headings = RepeatedHeaderFinder()
        self._below_padding: int | None = None
        self._width = layout.width  # of the current table
        self._first_row: int | None = None
        self._below_title: int | None = None  # the line below a title
        self._candidate: IrregularRecord | None = None  # begins a table if the next record has its width

    def add(self, chunk: RowChunk) -> None:
        """Take the next chunk of the file."""
        if self._first_row is None and len(chunk.lines):
            self._first_row = int(chunk.lines[0])
        after_blank = self._lines_after_blank(chunk)
        headers = self._headings.add(chunk, after_blank)
        if chunk.irregular or self.lines:
            self._add_irregular(chunk, after_blank)
        for line in headers:
            if line not in self.lines and self._is_below_rows(line):
                self._add_table(line, self._layout.width)
        self.lines.sort()

    def check_none(self) -> None:
        """Raise `FileRefused` with the lines if there are further tables."""
        if self.lines:
            raise FileRefused("several_tables", lines=self.lines)

    def _lines_after_blank(self, chunk: RowChunk) -> set[int]:
        """The lines of records below blank lines or below rows without values."""
        padding = padding_lines(chunk).tolist()
        below_last, self._below_padding = self._below_padding, padding[-1] + 1 if padding else None
        below = [*([below_last] if below_last else []), *(line + 1 for line in padding)]
        return {*chunk.after_blank.tolist(), *below} - set(padding)

    def _add_irregular(self, chunk: RowChunk, after_blank: set[int]) -> None:
        """Take irregular records, and rows below blank lines (`None`), in the order of their lines."""
        events: list[tuple[int, IrregularRecord | None]] = [
            (record.line, record) for record in chunk.irregular
        ]
        rows = set(np.intersect1d(chunk.lines, chunk.after_blank).tolist())
        events += [(line, None) for line in rows - {record.line for record in chunk.irregular}]
        for line, record in sorted(events, key=lambda event: event[0]):
            is_separate = line in after_blank or line == self._below_title
            if record is None:
                self._add_row_after_blank(line)
            elif record.is_header:
                self._add_repeated_header(record, is_separate=is_separate)
            else:
                self._add_other_width(record, is_separate=is_separate)

    def _add_other_width(self, record: IrregularRecord, *, is_separate: bool) -> None:
        candidate, self._candidate = self._candidate, None
        if candidate and record.width == candidate.width and record.line == _next_line(candidate):
            self._add_table(candidate.line, candidate.width)
        elif is_separate and record.width == 1:
            self._below_title = _next_line(record)
        elif is_separate and record.width != self._width and self._may_begin_table(record):
            self._candidate = record

    def _add_repeated_header(self, record: IrregularRecord, *, is_separate: bool) -> None:
        self._candidate = None
        if is_separate and self._is_below_rows(record.line):
            self._add_table(record.line, self._layout.width)

    def _add_row_after_blank(self, line: int) -> None:
        """Take a row of the first table's width: below another table it begins a table of its own."""
        self._candidate = None
        if self._width != self._layout.width:
            self._add_table(line, self._layout.width)

    def _may_begin_table(self, irregular: IrregularRecord) -> bool:
        if irregular.width <= 1 or not self._is_below_rows(irregular.line):
            return False
        lines = Lines([irregular.raw.encode("utf-8", "surrogateescape")])
        record = next(exact_parser.parse_records(lines, None, self._layout.dialect), None)
        cells = [value or "" for value in record.fields] if record else []
        if not cells or labels_next_value(cells[0]):
            return False
        is_pair = len(cells) == _LABEL_AND_VALUE
        return not (is_pair and any(cell_kind(cell) not in {"text", "empty"} for cell in cells))

    def _is_below_rows(self, line: int) -> bool:
        return self._first_row is not None and self._first_row < line

    def _add_table(self, line: int, width: int) -> None:
        self._width = width
        if len(self.lines) < _MAX_TABLES:
            self.lines.append(line)


def _next_line(record: IrregularRecord) -> int:
    return record.line + record.raw.count("\n") + 1
