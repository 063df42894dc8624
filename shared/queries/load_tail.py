"""The last rows of one load, by position in the table or by index.

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
from shared.contracts.dataset_table import MANUAL_EDIT_LOAD
from shared.database import transactions
from shared.queries import row_page

MOST_BLOCKS = 2**32 - 1
"""A table has no more."""

# `+ 0`, so that the planner does not look into the index of loads.
_ROWS_BY_POSITION = sql.SQL("""
    select *, ctid as _place from {table}
    where ctid >= {begin}::tid and ctid < {end}::tid and _load + 0 = {load} and _line + 0 < {below}
    order by _line desc limit {limit}""")
_POSITION = sql.SQL("page._line, page._place::text,")


class LineRange(NamedTuple):
    """The rows of load `serial` on the lines from `first` to the one before `below`."""

    serial: int
    first: int
    below: int


class TailRow(NamedTuple):
    """A row as JSON text, and where it is: in its load, and in the table."""

    serial: int
    line: int
    place: str
    text: str

    @property
    def block(self) -> int:
        """The block of the table that it lies in."""
        return row_page.block_number(self.place)


class TailRows(NamedTuple):
    """Rows of a load, the last one first; whether there are more that the answer has no room for."""

    rows: list[TailRow]
    is_cut: bool = False


def last_rows_by_position(
    engine: Engine, contract: type[Contract], stretch: LineRange, block: int, limit: int
) -> TailRows | None:
    """The last `limit` rows of `stretch`, which may end in `block`; `None` where they may lie elsewhere."""
    if stretch.below <= stretch.first:
        return TailRows([])
    rows = _ROWS_BY_POSITION.format(
        table=row_page.table_identifier(contract),
        begin=sql.Literal(f"({max(block - limit // row_page.MAX_ROWS_PER_BLOCK - 1, 0)},0)"),
        end=sql.Literal(f"({block + 1},0)"),
        load=sql.Literal(stretch.serial),
        below=sql.Literal(stretch.below),
        limit=sql.Literal(limit),
    )
    answer = transactions.run_query(
        engine, row_page.rows_query(contract, rows, sql.SQL("_line desc"), _POSITION)
    )
    found = [TailRow(stretch.serial, *row) for _, *row in answer]
    if [row.line for row in found] != list(range(stretch.below - 1, stretch.below - 1 - len(found), -1)):
        return None
    is_cut = bool(answer) and answer[0][0] > len(found)
    is_all = bool(found) and found[-1].line == stretch.first
    return TailRows(found, is_cut) if is_cut or is_all or len(found) >= limit else None


_WINDOWS = (500, 20_000)
"""Lines of a file that are looked at for its last rows: all of them only where these do not hold enough."""

_ROWS_BY_INDEX = sql.SQL("""
    select *, ctid as _place from {table}
    where _load = {load} and _line < {line} and _line >= {first} and {conditions}
    order by _line desc limit {limit}""")
_ORDER = sql.SQL("_load desc, _line desc")
_LOAD_AND_POSITION = sql.SQL("page._load, page._line, page._place::text,")
_ALWAYS_BY_INDEX = sql.SQL("set local enable_seqscan = off; ")
_NOTHING = sql.SQL("")
_ALL = sql.SQL("true")
_LAST = 2**63 - 1


class LoadRange(NamedTuple):
    """A load, about the last line that a row of it is on, and what is known of its first and last one."""

    serial: int
    about_last: int
    first: int | None = None
    last: int | None = None


def last_rows(
    engine: Engine, contract: type[Contract], load: LoadRange, end: tuple[int | None, int], limit: int
) -> TailRows:
    """The last rows of one load, those before a line if there is one in `end`, where a block is, too."""
    below, block = end
    if below is None and load.last is not None:
        below = load.last + 1
    if below is not None and load.serial != MANUAL_EDIT_LOAD:
        stretch = LineRange(load.serial, load.first or 1, below)
        if (found := last_rows_by_position(engine, contract, stretch, block, limit)) is not None:
            return found
    return _by_index(engine, contract, load, _LAST if below is None else below, limit)


def search_tail(
    engine: Engine,
    contract: type[Contract],
    load: LoadRange,
    end: tuple[int | None, int],
    where: sql.Composable,
) -> TailRows | None:
    """The last rows of one load that fulfil `where`; `end` is the line they are before, if any, and how many.

    `None` where that is not known from as many lines as can be looked at while somebody waits.
    """
    below, limit = end[0] if end[0] is not None else _LAST, end[1]
    begin = min(below, load.about_last)
    first = max(begin - _WINDOWS[-1], 0) if begin < _LAST else 0
    rows = _rows(contract, load, (first, below), limit, where)
    found = fetch_tail(engine, contract, rows, _ALWAYS_BY_INDEX)
    return found if found.is_cut or len(found.rows) >= limit or first <= (load.first or 1) else None


def _by_index(engine: Engine, contract: type[Contract], load: LoadRange, below: int, limit: int) -> TailRows:
    """The same, wherever they lie. A row has one line or more."""
    found = TailRows([])
    begin = min(below, load.about_last)
    for first in (*(begin - max(window, limit) for window in _WINDOWS if begin < _LAST), 0):
        rows = _rows(contract, load, (first, below), limit, _ALL)
        found = fetch_tail(engine, contract, rows, _ALWAYS_BY_INDEX)
        if found.is_cut or len(found.rows) >= limit:
            break
    return found


def _rows(
    contract: type[Contract], load: LoadRange, lines: tuple[int, int], limit: int, conditions: sql.Composable
) -> sql.Composable:
    first, below = lines
    return _ROWS_BY_INDEX.format(
        table=row_page.table_identifier(contract),
        load=sql.Literal(load.serial),
        line=sql.Literal(below),
        first=sql.Literal(first),
        conditions=conditions,
        limit=sql.Literal(limit),
    )


def fetch_tail(
    engine: Engine, contract: type[Contract], rows: sql.Composable, before: sql.Composable = _NOTHING
) -> TailRows:
    """The rows that the query `rows` finds, the newest load's last line first."""
    answer = transactions.run_query(
        engine, before + row_page.rows_query(contract, rows, _ORDER, _LOAD_AND_POSITION)
    )
    found = [TailRow(*row) for _, *row in answer]
    return TailRows(found, bool(answer) and answer[0][0] > len(found))
