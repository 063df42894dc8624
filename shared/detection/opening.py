"""The opening: what the first records of a file say of the width of its table, and of where it begins."""

from __future__ import annotations

from itertools import pairwise

from shared.detection.cells import UNTYPED, Kind, column_kind, kind
from shared.detection.records import Record

_COMPARED = 4000
"""Values whose kinds are looked at; ten rows in any case."""

_ENOUGH = 3
"""Records from which on the first is compared with what is below it."""

_FITTING = 0.9
"""Share of the rows that must be as wide as the first record, for that to be the names of their columns."""

_LONGEST_PREAMBLE = 50
"""Records above a blank line that may be a preamble."""


def is_names(record: Record) -> bool:
    """Whether it could be a header: texts, none of them twice."""
    names = {cell.strip() for cell in record.cells}
    return len(names) == len(record.cells) and all(map(_is_name, names))


def has_typed_column(rows: list[Record], width: int) -> bool:
    """Whether a column of the `rows` that have `width` values is one of numbers, dates or truths."""
    return any(found not in UNTYPED for found in _kinds(rows, width))


def fits(rows: list[Record], width: int) -> bool:
    """Whether the first of `rows`, which are not blank, names the columns of the others."""
    if len(rows) < _ENOUGH or len(rows[0].cells) != width or not is_names(rows[0]):
        return False
    return sum(len(row.cells) == width for row in rows) >= _FITTING * len(rows)


def differs(rows: list[Record], width: int) -> bool:
    """Whether the first of `rows` is text right above rows of `width`, another one, that have no names.

    A title stands above names or a blank line; this is a header that the rows do not fit.
    """
    if len(rows) < _ENOUGH:
        return False
    top, below = rows[:2]
    if len(top.cells) == width or len(below.cells) != width or not _are_next(top, below):
        return False
    if top.cells[0].startswith("#") or not all(map(_is_name, top.cells)):
        return False
    return not (is_names(below) and has_typed_column(rows[2:], width))


def below_blank(found: list[Record], width: int) -> int | None:
    """The line of the names that stand below a blank line, above rows of numbers or dates, if there is one.

    What is above the blank line may be as wide as the table, but is no table of its own.
    """
    for place, (blank, names) in enumerate(pairwise(found[:_LONGEST_PREAMBLE])):
        if any(cell.strip() for cell in blank.cells) or len(names.cells) != width or not is_names(names):
            continue
        above = [record for record in found[:place] if any(cell.strip() for cell in record.cells)]
        below = found[place + 2 :]
        if above and has_typed_column(below, width) and not _is_table(above, below, width):
            return names.line
    return None


def _is_table(above: list[Record], below: list[Record], width: int) -> bool:
    """Whether the records `above` have a header of their own, or the types of the rows `below`."""
    own = len(above[0].cells)
    if own > 1 and is_names(above[0]) and has_typed_column(above[1:], own):
        return True
    return _kinds(above, width) == _kinds(below, width)


def _kinds(rows: list[Record], width: int) -> list[Kind]:
    fitting = [row.cells for row in rows[: max(10, _COMPARED // width)] if len(row.cells) == width]
    return [column_kind(column) for column in zip(*fitting, strict=True)]


def _is_name(text: str) -> bool:
    """Whether it is a text with a letter; `y` is a name rather than a truth."""
    bare = text.strip()
    return any(map(str.isalpha, bare)) and (len(bare) == 1 or kind(bare) == "text")


def _are_next(top: Record, below: Record) -> bool:
    return below.line - top.line == 1 + sum(cell.count("\n") for cell in top.cells)
