"""The last rows of one load: by a look where they should lie, else by the index of loads."""

from __future__ import annotations

from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts.base import Contract
from shared.contracts.dataset import BY_HAND
from shared.database import brief
from shared.queries import ending, shown
from shared.queries.ending import Row, Rows, Stretch

_WINDOWS = (500, 20_000)
"""Lines of a file that are looked at for its last rows: all of them only where these do not hold enough."""

_ROWS = sql.SQL("""
    select *, ctid as _place from {table}
    where _load = {load} and _line < {line} and _line >= {first} and {conditions}
    order by _line desc limit {limit}""")
_ORDER = sql.SQL("_load desc, _line desc")
_WHERE = sql.SQL("page._load, page._line, page._place::text,")
_ALWAYS_BY_INDEX = sql.SQL("set local enable_seqscan = off; ")
_NOTHING = sql.SQL("")
_ALL = sql.SQL("true")
_LAST = 2**63 - 1


class Load(NamedTuple):
    """A load, about the last line that a row of it is on, and what is known of its first and last one."""

    serial: int
    about_last: int
    first: int | None = None
    last: int | None = None


def last_rows(
    engine: Engine, contract: type[Contract], load: Load, end: tuple[int | None, int], limit: int
) -> Rows:
    """The last rows of one load, those before a line if there is one in `end`, where a block is, too."""
    below, block = end
    if below is None and load.last is not None:
        below = load.last + 1
    if below is not None and load.serial != BY_HAND:
        stretch = Stretch(load.serial, load.first or 1, below)
        if (found := ending.look(engine, contract, stretch, block, limit)) is not None:
            return found
    return _by_index(engine, contract, load, _LAST if below is None else below, limit)


def glance(
    engine: Engine, contract: type[Contract], load: Load, end: tuple[int | None, int], where: sql.Composable
) -> Rows | None:
    """The last rows of one load that fulfil `where`; `end` is the line they are before, if any, and how many.

    `None` where that is not known from as many lines as can be looked at while somebody waits.
    """
    below, limit = end[0] if end[0] is not None else _LAST, end[1]
    begin = min(below, load.about_last)
    first = max(begin - _WINDOWS[-1], 0) if begin < _LAST else 0
    rows = _rows(contract, load, (first, below), limit, where)
    found = answered(engine, contract, rows, _ALWAYS_BY_INDEX)
    return found if found.is_cut or len(found.rows) >= limit or first <= (load.first or 1) else None


def _by_index(engine: Engine, contract: type[Contract], load: Load, below: int, limit: int) -> Rows:
    """The same, wherever they lie. A row has one line or more."""
    found = Rows([])
    begin = min(below, load.about_last)
    for first in (*(begin - max(window, limit) for window in _WINDOWS if begin < _LAST), 0):
        rows = _rows(contract, load, (first, below), limit, _ALL)
        found = answered(engine, contract, rows, _ALWAYS_BY_INDEX)
        if found.is_cut or len(found.rows) >= limit:
            break
    return found


def _rows(
    contract: type[Contract], load: Load, lines: tuple[int, int], limit: int, conditions: sql.Composable
) -> sql.Composable:
    first, below = lines
    return _ROWS.format(
        table=shown.table(contract),
        load=sql.Literal(load.serial),
        line=sql.Literal(below),
        first=sql.Literal(first),
        conditions=conditions,
        limit=sql.Literal(limit),
    )


def answered(
    engine: Engine, contract: type[Contract], rows: sql.Composable, before: sql.Composable = _NOTHING
) -> Rows:
    """The rows that the query `rows` finds, the newest load's last line first."""
    answer = brief.ask(engine, before + shown.query(contract, rows, _ORDER, _WHERE))
    found = [Row(*row) for _, *row in answer]
    return Rows(found, bool(answer) and answer[0][0] > len(found))
