"""Blocks of a table, in which rows lie at places such as `(7,2)`, the second one of block 7."""

from __future__ import annotations

ROWS_OF_A_BLOCK = 16
"""Fewer than most tables have, so that a first look is mostly enough."""


def of(place: str) -> int:
    """The number of the block of a place, which is Postgres' text of a `ctid`."""
    return int(place[1:].partition(",")[0])
