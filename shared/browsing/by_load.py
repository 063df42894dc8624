"""Pages that begin with the last row of the newest load, and go back load by load and line by line."""

from __future__ import annotations

import time
from collections.abc import Iterator

from psycopg2 import sql
from sqlalchemy import Engine

from shared import brief, faults
from shared.browsing import filters, shown
from shared.browsing.page import Asked, Page, Place
from shared.contracts.base import Contract
from shared.errors import Unavailable
from shared.tables.dataset import BY_HAND

ORDER = "recent"

_WINDOWS = (500, 20_000)
"""Lines of a file that are looked at for its last rows: all of them only where these do not hold enough."""

_LOADS_AT_ONCE = 50
_LOADS = sql.SQL("""
    select serial, rows_read from ingest.ingestions
    where dataset = {dataset} and state = 'loaded' and replaced_by is null and serial < {serial}
        and rows_inserted + rows_updated > 0
    order by serial desc limit {limit}""")
_OF_LOAD = sql.SQL("""
    set local enable_seqscan = off;
    select page._line, row_to_json(_shown.*)::text from (
        select * from {table} where _load = {load} and _line < {line} and _line >= {first}
        order by _line desc limit {limit}
    ) as page cross join lateral (select {columns}) as _shown""")
_FILTERED = sql.SQL("""
    select page._load, page._line, row_to_json(_shown.*)::text from (
        select * from {table} where (_load, _line) < ({load}, {line}) and {conditions}
        order by _load desc, _line desc limit {limit}
    ) as page cross join lateral (select {columns}) as _shown""")
_LAST = 2**63 - 1

Row = tuple[int, int, str]
"""Load, line, and the row."""


def page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order.

    Rows that neither a load nor a hand brought are only found with filters.
    """
    load, line = (BY_HAND, _LAST) if asked.after is None else _checked(asked.after)
    look = _filtered if asked.filters else _by_load
    rows = look(engine, contract, asked, load, line)
    found = rows[: asked.limit]
    after: Place | None = [ORDER, *found[-1][:2]] if len(rows) > asked.limit else None
    return Page(tuple(contract.model_fields), [row for _, _, row in found], after)


def _checked(after: Place) -> tuple[int, int]:
    _, load, line = after
    if type(load) is not int or type(line) is not int or not (0 <= load <= _LAST and 0 <= line <= _LAST):
        raise ValueError("no place")
    return load, line


def _filtered(engine: Engine, contract: type[Contract], asked: Asked, load: int, line: int) -> list[Row]:
    query = _FILTERED.format(
        table=shown.table(contract),
        load=sql.Literal(load),
        line=sql.Literal(line),
        conditions=filters.all_of(one.condition() for one in asked.filters),
        limit=sql.Literal(asked.limit + 1),
        columns=shown.columns(contract),
    )
    return [(load, line, row) for load, line, row in brief.ask(engine, query)]


def _by_load(engine: Engine, contract: type[Contract], asked: Asked, load: int, line: int) -> list[Row]:
    rows: list[Row] = []
    end = time.monotonic() + brief.SECONDS
    for serial, last in _loads(engine, contract, load):
        below = line if serial == load else _LAST
        rows += _of_load(engine, contract, serial, (below, last), asked.limit + 1 - len(rows))
        if len(rows) > asked.limit:
            break
        if time.monotonic() > end:
            raise Unavailable(faults.POSTGRES, "many loads whose rows later ones replaced take too long")
    return rows


def _loads(engine: Engine, contract: type[Contract], newest: int) -> Iterator[tuple[int, int]]:
    """Serials from `newest` on, and of each about its last line; looked up when they are asked for."""
    if newest == BY_HAND:
        yield BY_HAND, _LAST
    serial = newest + 1 if newest < BY_HAND else BY_HAND
    while True:
        query = _LOADS.format(
            dataset=sql.Literal(contract.dataset),
            serial=sql.Literal(serial),
            limit=sql.Literal(_LOADS_AT_ONCE),
        )
        found = brief.ask(engine, query)
        yield from ((serial, rows_read) for serial, rows_read in found)
        if len(found) < _LOADS_AT_ONCE:
            return
        serial = found[-1][0]


def _of_load(
    engine: Engine, contract: type[Contract], serial: int, lines: tuple[int, int], limit: int
) -> list[Row]:
    """The last rows of one load before a line, the last one first. A row has one line or more."""
    below, last = lines
    rows: list[Row] = []
    begin = min(below, last)
    for first in (*(begin - max(window, limit) for window in _WINDOWS if begin < _LAST), 0):
        query = _OF_LOAD.format(
            table=shown.table(contract),
            load=sql.Literal(serial),
            line=sql.Literal(below),
            first=sql.Literal(first),
            limit=sql.Literal(limit),
            columns=shown.columns(contract),
        )
        rows = [(serial, line, row) for line, row in brief.ask(engine, query)]
        if len(rows) >= limit:
            break
    return rows
