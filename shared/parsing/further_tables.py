"""Detects further tables and footers below the rows of a file."""

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
from shared.parsing import records
from shared.parsing.chunk import IrregularRecord, RowChunk, Text
from shared.parsing.layout import Layout
from shared.parsing.lines import Lines

_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|page|running)[ -]?)?totals?|sums?|summen?|gesamt(?:summe|betrag)?|zwischensumme"
    r"|insgesamt|totaal|subtotaal|sommes?|total (?:g[eé]n[eé]ral|general|geral)|totale|totali|totaux|somma"
    r"|suma|soma|razem|celkem|[oö]sszesen|summa|yhteens[aä]|toplam|итого|всего|合計|小計|总计|合计|합계|σύνολο",
    re.IGNORECASE,
)

Tail = Sequence[tuple[int, Sequence[str | None]]]
"""The last records of a file: the line of each and its values, in order."""


def footer_lines(tail: Tail) -> set[int]:
    """The lines of those that are a footer: the last ones, which begin with a word such as `Total:`.

    Such a row fills at most half of the cells that those above it fill, or fewer than any of them, or it
    stands below a blank line. Without rows above there is no footer.
    """
    count = 0
    while count < len(tail) and _is_total(tail[-count - 1][1]):
        count += 1
    body, ends = tail[: len(tail) - count], tail[len(tail) - count :]
    if not body or not ends:
        return set()
    filled = [_filled(values) for _, values in body]
    most = max(median_high(filled) // 2, min(filled) - 1)
    is_below_blank = ends[0][0] > _line_after(body[-1])
    return {line for line, values in ends if is_below_blank or _filled(values) <= most}


def is_total_word(text: str) -> bool:
    """Whether this is a word for a sum; behind a `:` the sum itself may follow, as in `Total: 3`."""
    return _TOTAL.fullmatch(text.partition(":")[0].strip()) is not None


def labels_next_value(text: str) -> bool:
    """Whether a value follows that it names, as in a footer."""
    return text.strip().endswith(":") or is_total_word(text)


def _is_total(values: Sequence[str | None]) -> bool:
    first = next((value for value in values if value and value.strip()), "")
    return is_total_word(first)


def _filled(values: Sequence[str | None]) -> int:
    return sum(1 for value in values if value and value.strip())


def _line_after(record: tuple[int, Sequence[str | None]]) -> int:
    line, values = record
    return line + 1 + sum(value.count("\n") for value in values if value)


_ABOVE = 50
_FEWEST_ABOVE = 2
"""Rows that tell what a column has; at least so many of them with a value."""

_MAX_ROWS_CHECKED = 1000
"""Rows of a stretch that are looked at; blank lines all over a file set no tables apart."""

_MEASURED = {"number", "time"}


def padding_lines(read: RowChunk) -> npt.NDArray[np.int64]:
    """The lines of rows without any value, which stand for blank ones where a spreadsheet wrote them."""
    is_empty = np.ones(len(read.lines), np.bool_)
    for column in read.columns:
        if not column.null_count:
            return np.array([], np.int64)
        is_empty &= column.is_null().to_numpy()
        if not is_empty.any():
            break
    return read.lines[is_empty] if read.columns else np.array([], np.int64)


class RepeatedHeaderFinder:
    """Finds, stretch by stretch, rows below a blank line that name columns where all above have values.

    Such a row has different words without digits, one of them in a column that has only numbers or dates
    above, and a record stands right below it. Of two words both must: a label and its value are a footer.
    """

    def __init__(self) -> None:
        self._above: list[Text] = []
        self._last: tuple[int, int] | None = None  # the line of one at a stretch's end, and that below it

    def look(self, read: RowChunk, apart: set[int]) -> list[int]:
        """The lines of those known by now; `apart` are the lines below blank ones."""
        lines = {*read.lines.tolist(), *(reject.line for reject in read.rejects)} if apart else set()
        found: list[int] = []
        if self._last and self._last[1] == _first(read):
            found.append(self._last[0])
        self._last = self._last if not read.records else None
        wanted = (
            np.flatnonzero(np.isin(read.lines, list(apart)))[:_MAX_ROWS_CHECKED].tolist() if apart else []
        )
        for place in wanted:
            if not self._names_columns(read, place):
                continue
            line = int(read.lines[place])
            below = line + read.raw(place).count("\n") + 1
            if below in lines and below not in apart:
                found.append(line)
            elif line == max(lines):
                self._last = line, below
        self._keep(read)
        return found

    def _names_columns(self, read: RowChunk, place: int) -> bool:
        cells = [column[place].as_py() for column in read.columns]
        words = [cell.strip() for cell in cells if cell and cell.strip()]
        is_worded = all(cell_kind(word) == "text" and not any(map(str.isdigit, word)) for word in words)
        if len(words) < _A_LABEL_AND_ITS_VALUE or len(set(words)) < len(words) or not is_worded:
            return False
        if labels_next_value(words[0]):
            return False
        filled = [number for number, cell in enumerate(cells) if cell and cell.strip()]
        changed = (self._has_measured(read, place, number) for number in filled)
        return all(changed) if len(words) == _A_LABEL_AND_ITS_VALUE else any(changed)

    def _has_measured(self, read: RowChunk, place: int, number: int) -> bool:
        """Whether the column has only numbers, or only dates, in the rows above."""
        here = read.columns[number].slice(max(place - _ABOVE, 0), min(place, _ABOVE)).to_pylist()
        before = self._above[number].to_pylist() if self._above else []
        values = [value for value in [*before, *here][-_ABOVE:] if value]
        kinds = {found for value in values if (found := cell_kind(value)) != "empty"}
        return len(values) >= _FEWEST_ABOVE and len(kinds) == 1 and kinds <= _MEASURED

    def _keep(self, read: RowChunk) -> None:
        """Copy the last rows, so that the stretch itself need not be kept."""
        count = min(len(read.lines), _ABOVE)
        if count:
            places = pa.array(range(len(read.lines) - count, len(read.lines)))
            self._above = [pc.take(column, places) for column in read.columns]


def _first(read: RowChunk) -> int:
    firsts = [*read.lines[:1].tolist(), *(reject.line for reject in read.rejects[:1])]
    return min(firsts, default=0)


_MAX_TABLES = 20
_A_LABEL_AND_ITS_VALUE = 2


class FurtherTables:
    """The lines on which other tables begin, in order, found while the file is read.

    Another table is, below rows and a blank line, the header once more, a row that names columns, or two
    records or more of another width that is theirs in common; a title of one value may stand above. Pairs of
    a label and its value, or of a sum, are a footer.
    """

    def __init__(self, layout: Layout) -> None:
        self.lines: list[int] = []
        self._layout = layout
        self._headings = RepeatedHeaderFinder()
        self._below_padding: int | None = None
        self._width = layout.width  # of the table that goes on
        self._first_row: int | None = None
        self._apart: int | None = None  # the line on which a record would stand below a blank one, or a title
        self._begun: IrregularRecord | None = None  # a record that the next one may make a table

    def look(self, read: RowChunk) -> None:
        """Take what comes next in the file."""
        if self._first_row is None and len(read.lines):
            self._first_row = int(read.lines[0])
        after_blank = self._apart_in(read)
        named = self._headings.look(read, after_blank)
        if read.odd or self.lines:
            self._look_at_others(read, after_blank)
        for line in named:
            if line not in self.lines and self._is_below_rows(line):
                self._add(line, self._layout.width)
        self.lines.sort()

    def _apart_in(self, read: RowChunk) -> set[int]:
        """The lines below blank ones, and below rows that are empty, as a spreadsheet writes blank ones."""
        padding = padding_lines(read).tolist()
        below_last, self._below_padding = self._below_padding, padding[-1] + 1 if padding else None
        below = [*([below_last] if below_last else []), *(line + 1 for line in padding)]
        return {*read.after_blank.tolist(), *below} - set(padding)

    def _look_at_others(self, read: RowChunk, after_blank: set[int]) -> None:
        events: list[tuple[int, IrregularRecord | None]] = [(odd.line, odd) for odd in read.odd]
        again = np.intersect1d(read.lines, read.after_blank).tolist()
        events += [(line, None) for line in set(again) - {odd.line for odd in read.odd}]
        for line, odd in sorted(events, key=lambda event: event[0]):
            is_apart = line in after_blank or line == self._apart
            if odd is None:
                self._return(line)
            elif odd.is_header:
                self._again(odd, is_apart=is_apart)
            else:
                self._other(odd, is_apart=is_apart)

    def require_none(self) -> None:
        """Raise `FileRefused` with the lines, if there are any."""
        if self.lines:
            where = ", ".join(map(str, self.lines))
            raise FileRefused(
                "several_tables",
                f"The file has several tables: others begin on line {where}. Put each into its own file.",
                lines=self.lines,
            )

    def _other(self, odd: IrregularRecord, *, is_apart: bool) -> None:
        """A record of another width than the first table's."""
        begun, self._begun = self._begun, None
        if begun and odd.width == begun.width and odd.line == _line_after_irregular(begun):
            self._add(begun.line, begun.width)
        elif is_apart and odd.width == 1:
            self._apart = _line_after_irregular(odd)
        elif is_apart and odd.width != self._width and self._may_begin(odd):
            self._begun = odd

    def _again(self, odd: IrregularRecord, *, is_apart: bool) -> None:
        self._begun = None
        if is_apart and self._is_below_rows(odd.line):
            self._add(odd.line, self._layout.width)

    def _return(self, line: int) -> None:
        """A row of the first table's width, below a blank line."""
        self._begun = None
        if self._width != self._layout.width:
            self._add(line, self._layout.width)

    def _may_begin(self, odd: IrregularRecord) -> bool:
        if odd.width <= 1 or not self._is_below_rows(odd.line):
            return False
        lines = Lines([odd.raw.encode("utf-8", "surrogateescape")])
        record = next(records.parse_records(lines, None, self._layout.dialect), None)
        cells = [value or "" for value in record.fields] if record else []
        if not cells or labels_next_value(cells[0]):
            return False
        is_pair = len(cells) == _A_LABEL_AND_ITS_VALUE
        return not (is_pair and any(cell_kind(cell) not in {"text", "empty"} for cell in cells))

    def _is_below_rows(self, line: int) -> bool:
        return self._first_row is not None and self._first_row < line

    def _add(self, line: int, width: int) -> None:
        self._width = width
        if len(self.lines) < _MAX_TABLES:
            self.lines.append(line)


def _line_after_irregular(odd: IrregularRecord) -> int:
    return odd.line + odd.raw.count("\n") + 1
