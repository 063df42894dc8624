"""Headings below rows: the first row of another table that has as many columns as the one above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.detection.cells import kind
from shared.parsing import footer
from shared.parsing.stretch import Stretch, Text

_ABOVE = 50
_FEWEST_ABOVE = 2
"""Rows that tell what a column has; at least so many of them with a value."""

_MOST = 1000
"""Rows of a stretch that are looked at; blank lines all over a file set no tables apart."""

_A_LABEL_AND_ITS_VALUE = 2
_MEASURED = {"number", "time"}


def padding(read: Stretch) -> npt.NDArray[np.int64]:
    """The lines of rows without any value, which stand for blank ones where a spreadsheet wrote them."""
    is_empty = np.ones(len(read.lines), np.bool_)
    for column in read.columns:
        if not column.null_count:
            return np.array([], np.int64)
        is_empty &= column.is_null().to_numpy()
        if not is_empty.any():
            break
    return read.lines[is_empty] if read.columns else np.array([], np.int64)


class Headings:
    """Finds, stretch by stretch, rows below a blank line that name columns where all above have values.

    Such a row has different words without digits, one of them in a column that has only numbers or dates
    above, and a record stands right below it. Of two words both must: a label and its value are a footer.
    """

    def __init__(self) -> None:
        self._above: list[Text] = []
        self._last: tuple[int, int] | None = None  # the line of one at a stretch's end, and that below it

    def look(self, read: Stretch, apart: set[int]) -> list[int]:
        """The lines of those known by now; `apart` are the lines below blank ones."""
        lines = {*read.lines.tolist(), *(reject.line for reject in read.rejects)} if apart else set()
        found: list[int] = []
        if self._last and self._last[1] == _first(read):
            found.append(self._last[0])
        self._last = self._last if not read.records else None
        wanted = np.flatnonzero(np.isin(read.lines, list(apart)))[:_MOST].tolist() if apart else []
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

    def _names_columns(self, read: Stretch, place: int) -> bool:
        cells = [column[place].as_py() for column in read.columns]
        words = [cell.strip() for cell in cells if cell and cell.strip()]
        is_worded = all(kind(word) == "text" and not any(map(str.isdigit, word)) for word in words)
        if len(words) < _A_LABEL_AND_ITS_VALUE or len(set(words)) < len(words) or not is_worded:
            return False
        if footer.is_label(words[0]):
            return False
        filled = [number for number, cell in enumerate(cells) if cell and cell.strip()]
        changed = (self._has_measured(read, place, number) for number in filled)
        return all(changed) if len(words) == _A_LABEL_AND_ITS_VALUE else any(changed)

    def _has_measured(self, read: Stretch, place: int, number: int) -> bool:
        """Whether the column has only numbers, or only dates, in the rows above."""
        here = read.columns[number].slice(max(place - _ABOVE, 0), min(place, _ABOVE)).to_pylist()
        before = self._above[number].to_pylist() if self._above else []
        values = [value for value in [*before, *here][-_ABOVE:] if value]
        kinds = {found for value in values if (found := kind(value)) != "empty"}
        return len(values) >= _FEWEST_ABOVE and len(kinds) == 1 and kinds <= _MEASURED

    def _keep(self, read: Stretch) -> None:
        """Copy the last rows, so that the stretch itself need not be kept."""
        count = min(len(read.lines), _ABOVE)
        if count:
            places = pa.array(range(len(read.lines) - count, len(read.lines)))
            self._above = [pc.take(column, places) for column in read.columns]


def _first(read: Stretch) -> int:
    firsts = [*read.lines[:1].tolist(), *(reject.line for reject in read.rejects[:1])]
    return min(firsts, default=0)
