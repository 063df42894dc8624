"""Pages that begin with the last row of the newest load, and go back load by load and line by line."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared import brief, faults
from shared.browsing import ending, filters, of_load, shown
from shared.browsing.ending import Row, Rows
from shared.browsing.of_load import Load
from shared.browsing.page import Asked, Page, Place
from shared.contracts.base import Contract
from shared.errors import Unavailable
from shared.tables import dataset
from shared.tables.dataset import BY_HAND

ORDER = "recent"

_LOADS_AT_ONCE = 50
_LOADS = sql.SQL("""
    select blocks, is_edited, serial, rows_read, first_line, last_line from (
        select pg_relation_size({table}::regclass) / current_setting('block_size')::int as blocks,
            exists (select from ingest.edits where dataset = {dataset}) as is_edited
    ) as facts left join (
        select serial, rows_read, (format ->> 'last_line')::bigint as last_line,
            (format ->> 'header_line')::bigint + (format ->> 'header_lines')::bigint as first_line
        from ingest.ingestions
        where dataset = {dataset} and state = 'loaded' and replaced_by is null and serial < {serial}
            and rows_inserted + rows_updated > 0
        order by serial desc limit {limit}
    ) as loads on true order by serial desc""")
_FILTERED = sql.SQL("""
    select *, ctid as _place from {table} where (_load, _line) < ({load}, {line}) and {conditions}
        and (_load <= {newest} or _load = {by_hand})
    order by _load desc, _line desc limit {limit}""")
_LAST = 2**63 - 1


class _Ledger(NamedTuple):
    """Some loads, the newest first; how many blocks the table has, and whether rows were ever edited."""

    blocks: int
    is_edited: bool
    loads: list[Load]


class _Mark(NamedTuple):
    """Where the last row of the page before was; loads above `newest` came later, and are another walk's."""

    serial: int = BY_HAND
    line: int = _LAST
    newest: int = BY_HAND - 1
    block: int | None = None


def page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order.

    Rows that neither a load nor a hand brought are only found with filters.
    """
    mark = _Mark() if asked.after is None else _checked(asked.after)
    ledger = _ledger(engine, contract, min(mark.serial, mark.newest) + 1)
    if asked.after is None and ledger.loads:
        mark = mark._replace(newest=ledger.loads[0].serial)
    if asked.filters:
        rows, is_cut = _filtered(engine, contract, asked, mark)
    else:
        rows, is_cut = _by_load(engine, contract, asked.limit + 1, mark, ledger)
    found = rows[: asked.limit]
    is_more = is_cut or len(rows) > asked.limit
    after: Place | None = [ORDER, *found[-1][:2], mark.newest, found[-1].block] if is_more else None
    return Page(tuple(contract.model_fields), [row.text for row in found], after)


def _checked(after: Place) -> _Mark:
    _, *numbers = after
    if [number for number in numbers if type(number) is not int or not 0 <= number <= _LAST]:
        raise ValueError("no place")
    serial, line, newest, block = numbers
    return _Mark(serial, line, min(newest, BY_HAND - 1), block if block < ending.MOST_BLOCKS else None)


def _ledger(engine: Engine, contract: type[Contract], serial: int) -> _Ledger:
    """Loads before `serial`."""
    query = _LOADS.format(
        table=sql.Literal(f'"{dataset.SCHEMA}"."{contract.dataset}"'),
        dataset=sql.Literal(contract.dataset),
        serial=sql.Literal(serial),
        limit=sql.Literal(_LOADS_AT_ONCE),
    )
    found = brief.ask(engine, query)
    blocks, is_edited = found[0][:2]
    return _Ledger(blocks, is_edited, [Load(*load) for _, _, *load in found if load[0] is not None])


def _filtered(engine: Engine, contract: type[Contract], asked: Asked, mark: _Mark) -> Rows:
    rows = _FILTERED.format(
        table=shown.table(contract),
        load=sql.Literal(mark.serial),
        line=sql.Literal(mark.line),
        newest=sql.Literal(mark.newest),
        by_hand=sql.Literal(BY_HAND),
        conditions=filters.all_of(one.condition() for one in asked.filters),
        limit=sql.Literal(asked.limit + 1),
    )
    return of_load.answered(engine, contract, rows)


def _by_load(engine: Engine, contract: type[Contract], limit: int, mark: _Mark, ledger: _Ledger) -> Rows:
    rows: list[Row] = []
    size = 0
    end = time.monotonic() + brief.SECONDS
    block = ledger.blocks - 1 if mark.serial == BY_HAND or mark.block is None else mark.block
    for load in _loads(engine, contract, mark, ledger):
        below = mark.line if load.serial == mark.serial else None
        found, is_cut = of_load.last_rows(engine, contract, load, (below, block), limit - len(rows))
        rows += found
        size += sum(len(row.text) for row in found)
        is_cut = is_cut or size > shown.MOST_BYTES  # of several loads
        if is_cut or len(rows) >= limit:
            return Rows(rows, is_cut)
        if found and load.serial != BY_HAND:
            block = found[-1].block
        if time.monotonic() > end:
            raise Unavailable(faults.POSTGRES, "many loads whose rows later ones replaced take too long")
    return Rows(rows)


def _loads(engine: Engine, contract: type[Contract], mark: _Mark, ledger: _Ledger) -> Iterator[Load]:
    """The load of `mark` and those before it; looked up when they are asked for."""
    if mark.serial == BY_HAND and ledger.is_edited:
        yield Load(BY_HAND, _LAST)
    loads = ledger.loads
    while True:
        yield from loads
        if len(loads) < _LOADS_AT_ONCE:
            return
        loads = _ledger(engine, contract, loads[-1].serial).loads
