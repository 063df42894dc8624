"""The last rows of one load, by position in the table or by index.

A load writes its rows in line order, and they stay in this order in the table until deleted space is reused.
Two rows of a load never have the same line. So if some blocks hold rows on consecutive lines, up to the last
line of the load, no other row can be between them. Then the query does not need the index of loads, which
takes longer the larger the table is.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts.base import Contract
from shared.contracts.dataset_table import MANUAL_EDIT_LOAD
from shared.database import transactions
from shared.queries import row_page

MAX_BLOCKS = 2**32 - 1
"""The most blocks of a table."""
MAX_LINE = 2**63 - 1

_LINE_WINDOWS = (500, 20_000)
"""How many lines of a file are searched for its last rows; all lines if these have too few rows."""

# `+ 0` keeps the planner from the index of loads.
_ROWS_BY_POSITION = sql.SQL("""
    select *, ctid as _ctid from {table}
    where ctid >= {begin}::tid and ctid < {end}::tid and _load + 0 = {load} and _line + 0 < {below}
    order by _line desc limit {limit}""")
_LINE_AND_CTID = sql.SQL("page._line, page._ctid::text,")

_ROWS_BY_INDEX = sql.SQL("""
    select *, ctid as _ctid from {table}
    where _load = {load} and _line < {below} and _line >= {first} and {conditions}
    order by _line desc limit {limit}""")
_ORDER = sql.SQL("_load desc, _line desc")
_LOAD_LINE_AND_CTID = sql.SQL("page._load, page._line, page._ctid::text,")
_ALWAYS_BY_INDEX = sql.SQL("set local enable_seqscan = off; ")
_NOTHING = sql.SQL("")
_NO_CONDITION = sql.SQL("true")


class LineRange(NamedTuple):
    """The rows of load `serial` on the lines from `first` to the one before `below`."""

    serial: int
    first: int
    below: int


class LoadRange(NamedTuple):
    """A load: about its last line with a row, and the exact first and last lines if they are known."""

    serial: int
    about_last: int
    first: int | None = None
    last: int | None = None


class TailRow(NamedTuple):
    """A row as JSON text, with its position in its load and in the table."""

    serial: int
    line: int
    ctid: str
    text: str

    @property
    def block(self) -> int:
        """The block of the table that has the row."""
        return row_page.block_number(self.ctid)


class TailRows(NamedTuple):
    """Rows of a load, last line first; `is_cut` if more rows were found than fit into a page."""

    rows: list[TailRow]
    is_cut: bool = False


def last_rows(
    engine: Engine, contract: type[Contract], load: LoadRange, end: tuple[int | None, int], limit: int
) -> TailRows:
    """The last `limit` rows of one load; `end` has the line that they are before, if any, and a block.

    The block is the last one that can have them.
    """
    below, block = end
    if below is None and load.last is not None:
        below = load.last + 1
    if below is not None and load.serial != MANUAL_EDIT_LOAD:
        lines = LineRange(load.serial, load.first or 1, below)
        if (rows := _by_position(engine, contract, lines, block, limit)) is not None:
            return rows
    return _by_index(engine, contract, load, MAX_LINE if below is None else below, limit)


def search_tail(
    engine: Engine,
    contract: type[Contract],
    load: LoadRange,
    end: tuple[int | None, int],
    condition: sql.Composable,
) -> TailRows | None:
    """The last rows of one load that match `condition`; `end` has the line they are before, and a limit.

    `None` if the lines that a request has time for have too few of them.
    """
    below, limit = end[0] if end[0] is not None else MAX_LINE, end[1]
    begin = min(below, load.about_last)
    first = max(begin - _LINE_WINDOWS[-1], 0) if begin < MAX_LINE else 0
    rows = _rows_by_index(contract, LineRange(load.serial, first, below), limit, condition)
    found = fetch_tail(engine, contract, rows, _ALWAYS_BY_INDEX)
    is_complete = found.is_cut or len(found.rows) >= limit or first <= (load.first or 1)
    return found if is_complete else None


def fetch_tail(
    engine: Engine, contract: type[Contract], rows: sql.Composable, settings: sql.Composable = _NOTHING
) -> TailRows:
    """The rows of the query `rows`, newest load and last line first; the statements `settings` run first."""
    query = row_page.rows_query(contract, rows, _ORDER, _LOAD_LINE_AND_CTID)
    result = transactions.run_query(engine, settings + query)
    found = [TailRow(*row) for _, *row in result]
    return TailRows(found, bool(result) and result[0][0] > len(found))


def _by_position(
    engine: Engine, contract: type[Contract], lines: LineRange, block: int, limit: int
) -> TailRows | None:
    """The last rows of `lines`, which can end in `block`; `None` if the blocks do not prove that."""
    if lines.below <= lines.first:
        return TailRows([])
    rows = _ROWS_BY_POSITION.format(
        table=row_page.table_identifier(contract),
        begin=sql.Literal(f"({max(block - limit // row_page.MIN_ROWS_PER_BLOCK - 1, 0)},0)"),
        end=sql.Literal(f"({block + 1},0)"),
        load=sql.Literal(lines.serial),
        below=sql.Literal(lines.below),
        limit=sql.Literal(limit),
    )
    query = row_page.rows_query(contract, rows, sql.SQL("_line desc"), _LINE_AND_CTID)
    result = transactions.run_query(engine, query)
    found = [TailRow(lines.serial, *row) for _, *row in result]
    if [row.line for row in found] != list(range(lines.below - 1, lines.below - 1 - len(found), -1)):
        return None
    is_cut = bool(result) and result[0][0] > len(found)
    is_whole_load = bool(found) and found[-1].line == lines.first
    return TailRows(found, is_cut) if is_cut or is_whole_load or len(found) >= limit else None


def _by_index(engine: Engine, contract: type[Contract], load: LoadRange, below: int, limit: int) -> TailRows:
    """The last rows before line `below`, wherever they are. A row has one line or more."""
    found = TailRows([])
    begin = min(below, load.about_last)
    for first in (*(begin - max(window, limit) for window in _LINE_WINDOWS if begin < MAX_LINE), 0):
        rows = _rows_by_index(contract, LineRange(load.serial, first, below), limit, _NO_CONDITION)
        found = fetch_tail(engine, contract, rows, _ALWAYS_BY_INDEX)
        if found.is_cut or len(found.rows) >= limit:
            break
    return found


def _rows_by_index(
    contract: type[Contract], lines: LineRange, limit: int, conditions: sql.Composable
) -> sql.Composable:
    return _ROWS_BY_INDEX.format(
        table=row_page.table_identifier(contract),
        load=sql.Literal(lines.serial),
        below=sql.Literal(lines.below),
        first=sql.Literal(lines.first),
        conditions=conditions,
        limit=sql.Literal(limit),
    )
