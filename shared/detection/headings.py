"""Headings: records above the names of columns that name groups of them."""

from __future__ import annotations

from shared.detection.cells import UNTYPED, column_kind, kind
from shared.detection.records import Record

_MOST_HEADINGS = 4


def names(rows: list[Record], place: int, width: int) -> int:
    """`place`, or a place below it if those above are headings, names follow, and then rows unlike names."""
    for lower in range(place + 1, min(place + 1 + _MOST_HEADINGS, len(rows) - 1)):
        texts = rows[lower].cells
        if not _is_heading(rows[lower - 1], rows[lower], width):
            break
        if all(kind(cell) == "text" for cell in texts):
            below = (row.cells for row in rows[lower + 1 :] if len(row.cells) == width)
            columns = zip(*below, strict=False)
            return lower if any(column_kind(column) not in UNTYPED for column in columns) else place
    return place


def count_above(rows: list[Record], place: int, width: int) -> int:
    """How many records right above the one at `place` name groups of its columns."""
    if any(kind(cell) not in UNTYPED for cell in rows[place].cells):
        return 0
    count = 0
    while count < min(place, _MOST_HEADINGS) and _is_heading(rows[place - count - 1], rows[place], width):
        count += 1
    return count


def _is_heading(record: Record, names: Record, width: int) -> bool:
    """Whether its values stand above groups of columns, behind a gap or in front of one.

    A title stands in the first column alone; a heading has a name below each of its values.
    """
    filled = [place for place, cell in enumerate(record.cells) if _is_filled(cell)]
    if len(record.cells) != width or not filled or filled == [0] or len(filled) == width:
        return False
    return all(place < len(names.cells) and _is_filled(names.cells[place]) for place in filled) and (
        len(filled) > 1 or filled[0] > 0
    )


def _is_filled(cell: str) -> bool:
    return bool(cell.strip())
