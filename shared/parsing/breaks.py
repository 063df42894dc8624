"""Breaks: the places where another table begins in the same file."""

from __future__ import annotations

import numpy as np

from shared.detection.cells import kind
from shared.errors import FileRefused
from shared.parsing import footer, headings, records
from shared.parsing.headings import Headings
from shared.parsing.layout import Layout
from shared.parsing.lines import Lines
from shared.parsing.stretch import Odd, Stretch

_MOST = 20
_A_LABEL_AND_ITS_VALUE = 2


class Breaks:
    """The lines on which other tables begin, in order, found while the file is read.

    Another table is, below rows and a blank line, the header once more, a row that names columns, or two
    records or more of another width that is theirs in common; a title of one value may stand above. Pairs of
    a label and its value, or of a sum, are a footer.
    """

    def __init__(self, layout: Layout) -> None:
        self.lines: list[int] = []
        self._layout = layout
        self._headings = Headings()
        self._below_padding: int | None = None
        self._width = layout.width  # of the table that goes on
        self._first_row: int | None = None
        self._apart: int | None = None  # the line on which a record would stand below a blank one, or a title
        self._begun: Odd | None = None  # a record that the next one may make a table

    def look(self, read: Stretch) -> None:
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

    def _apart_in(self, read: Stretch) -> set[int]:
        """The lines below blank ones, and below rows that are empty, as a spreadsheet writes blank ones."""
        padding = headings.padding(read).tolist()
        below_last, self._below_padding = self._below_padding, padding[-1] + 1 if padding else None
        below = [*([below_last] if below_last else []), *(line + 1 for line in padding)]
        return {*read.after_blank.tolist(), *below} - set(padding)

    def _look_at_others(self, read: Stretch, after_blank: set[int]) -> None:
        events: list[tuple[int, Odd | None]] = [(odd.line, odd) for odd in read.odd]
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

    def _other(self, odd: Odd, *, is_apart: bool) -> None:
        """A record of another width than the first table's."""
        begun, self._begun = self._begun, None
        if begun and odd.width == begun.width and odd.line == _line_below(begun):
            self._add(begun.line, begun.width)
        elif is_apart and odd.width == 1:
            self._apart = _line_below(odd)
        elif is_apart and odd.width != self._width and self._may_begin(odd):
            self._begun = odd

    def _again(self, odd: Odd, *, is_apart: bool) -> None:
        self._begun = None
        if is_apart and self._is_below_rows(odd.line):
            self._add(odd.line, self._layout.width)

    def _return(self, line: int) -> None:
        """A row of the first table's width, below a blank line."""
        self._begun = None
        if self._width != self._layout.width:
            self._add(line, self._layout.width)

    def _may_begin(self, odd: Odd) -> bool:
        if odd.width <= 1 or not self._is_below_rows(odd.line):
            return False
        lines = Lines([odd.raw.encode("utf-8", "surrogateescape")])
        record = next(records.parse(lines, None, self._layout.dialect), None)
        cells = [value or "" for value in record.fields] if record else []
        if not cells or footer.is_label(cells[0]):
            return False
        is_pair = len(cells) == _A_LABEL_AND_ITS_VALUE
        return not (is_pair and any(kind(cell) not in {"text", "empty"} for cell in cells))

    def _is_below_rows(self, line: int) -> bool:
        return self._first_row is not None and self._first_row < line

    def _add(self, line: int, width: int) -> None:
        self._width = width
        if len(self.lines) < _MOST:
            self.lines.append(line)


def _line_below(odd: Odd) -> int:
    return odd.line + odd.raw.count("\n") + 1
