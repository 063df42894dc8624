"""The last rows of a load, where a look at a few blocks of the table proves that they are the last.

A load's rows lie in the order of their lines as long as no freed places are used again. No two rows of a
load have the same line, so where lines follow each other without a gap, from the last one that there is
upwards, there can be none between them anywhere else: the index of loads, which takes the longer the larger
the table is, need not be asked.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts.base import Contract
from shared.database import brief
from shared.queries import blocks, shown

MOST_BLOCKS = 2**32 - 1
"""A table has no more."""

# `+ 0`, so that the planner does not look into the index of loads.
_ROWS = sql.SQL("""
    select *, ctid as _place from {table}
    where ctid >= {begin}::tid and ctid < {end}::tid and _load + 0 = {load} and _line + 0 < {below}
    order by _line desc limit {limit}""")
_WHERE = sql.SQL("page._line, page._place::text,")


class Stretch(NamedTuple):
    """The rows of load `serial` on the lines from `first` to the one before `below`."""

    serial: int
    first: int
    below: int


class Row(NamedTuple):
    """A row as JSON text, and where it is: in its load, and in the table."""

    serial: int
    line: int
    place: str
    text: str

    @property
    def block(self) -> int:
        """The block of the table that it lies in."""
        return blocks.of(self.place)


class Rows(NamedTuple):
    """Rows of a load, the last one first; whether there are more that the answer has no room for."""

    rows: list[Row]
    is_cut: bool = False


def look(engine: Engine, contract: type[Contract], stretch: Stretch, block: int, limit: int) -> Rows | None:
    """The last `limit` rows of `stretch`, which may end in `block`; `None` where they may lie elsewhere."""
    if stretch.below <= stretch.first:
        return Rows([])
    rows = _ROWS.format(
        table=shown.table(contract),
        begin=sql.Literal(f"({max(block - limit // blocks.ROWS_OF_A_BLOCK - 1, 0)},0)"),
        end=sql.Literal(f"({block + 1},0)"),
        load=sql.Literal(stretch.serial),
        below=sql.Literal(stretch.below),
        limit=sql.Literal(limit),
    )
    answer = brief.ask(engine, shown.query(contract, rows, sql.SQL("_line desc"), _WHERE))
    found = [Row(stretch.serial, *row) for _, *row in answer]
    if [row.line for row in found] != list(range(stretch.below - 1, stretch.below - 1 - len(found), -1)):
        return None
    is_cut = bool(answer) and answer[0][0] > len(found)
    is_all = bool(found) and found[-1].line == stretch.first
    return Rows(found, is_cut) if is_cut or is_all or len(found) >= limit else None
