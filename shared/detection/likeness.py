"""Likeness: whether the first record of a table is like its rows, so that it is no header."""

from __future__ import annotations

from itertools import pairwise

from shared.detection.cells import UNTYPED, Kind, column_kind, kind
from shared.detection.records import Record

_ROWS = 200
_STEADY = 3
_REPEATED = 0.5
_FIRST_YEAR, _LAST_YEAR = 1800, 2200

_MOST_COLUMNS = 200
"""Columns that are compared with their names; a wide table takes too long otherwise, and tells no more."""


def is_row(top: Record, body: list[Record]) -> tuple[bool, tuple[str, ...]]:
    """Whether `top` is a row like those of `body`, and the doubt about it.

    A header is assumed unless something speaks against it: a value of the kind that its column has.
    """
    kinds = [kind(cell) for cell in top.cells[:_MOST_COLUMNS]]
    if UNTYPED.issuperset(kinds):
        return _is_repeated(top, body)
    if _are_labels(top.cells[:_MOST_COLUMNS]):
        return False, ("The names have numbers among them, so the first line could be a row as well.",)
    if not body:
        return True, ("The only record has numbers or dates, so it is taken for a row.",)
    columns = zip(*(row.cells[:_MOST_COLUMNS] for row in body[:_ROWS]), strict=False)
    return _compared(kinds, [column_kind(column) for column in columns])


def _compared(kinds: list[Kind], columns: list[Kind]) -> tuple[bool, tuple[str, ...]]:
    """Whether values of `kinds` are rather a row of `columns` than their names, and the doubt about it."""
    pairs = [(here, there) for here, there in zip(kinds, columns, strict=False) if there not in UNTYPED]
    differing = sum(here not in {"empty", there} for here, there in pairs)
    like = sum(here == there for here, there in pairs)
    if differing and like:
        return differing < like, ("The first line is like the rows in some columns, unlike them in others.",)
    if differing or like:
        return like > 0, ()
    labels = sum(name == "text" for name in kinds)
    return 2 * labels <= len(kinds), ("Whether the first line is a header cannot be told from the rows.",)


def _is_repeated(top: Record, body: list[Record]) -> tuple[bool, tuple[str, ...]]:
    """Whether the texts of `top` come again below it, as names of columns would not."""
    if not body or len(body) < _STEADY:
        return False, ()
    others = [row.cells for row in body if row.cells != top.cells]
    if len(others) < len(body) and any(
        column_kind(column) not in UNTYPED for column in zip(*others[:_ROWS], strict=False)
    ):
        return False, ("The header comes again further down, where it is read as a row.",)
    columns = zip(*(row.cells for row in body), strict=False)
    again = sum(
        bool(cell.strip()) and cell in column for cell, column in zip(top.cells, columns, strict=False)
    )
    if again > _REPEATED * len(top.cells):
        return True, ("The first line is taken for a row, as its values come again further down.",)
    return False, ()


def _are_labels(texts: list[str]) -> bool:
    """Whether the numbers are names of columns: years, or a count, rising, behind a name."""
    numbers = [text.strip() for text in texts if kind(text) == "number"]
    if len(numbers) < 2 or kind(texts[0]) not in UNTYPED:  # noqa: PLR2004
        return False
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    values = [int(number) for number in numbers]
    rising = all(here + 1 == there for here, there in pairwise(values))
    years = all(_FIRST_YEAR <= value <= _LAST_YEAR for value in values) and len(set(values)) == len(values)
    return rising or years
