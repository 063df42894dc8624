"""Pages of rows from the last row of the newest load backwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared import driver_errors
from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import MANUAL_EDIT_LOAD
from shared.database import transactions
from shared.errors import Unavailable
from shared.queries import filters, load_tail, row_page
from shared.queries.load_tail import LoadRange, TailRow, TailRows
from shared.queries.row_page import PageRequest, Place, RowPage

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
_LAST = 2**63 - 1


class LoadList(NamedTuple):
    """Some loads, the newest first; how many blocks the table has, and whether rows were ever edited."""

    blocks: int
    is_edited: bool
    loads: list[LoadRange]


class PagePosition(NamedTuple):
    """Where the last row of the page before was; loads above `newest` came later, and are another walk's."""

    serial: int = MANUAL_EDIT_LOAD
    line: int = _LAST
    newest: int = MANUAL_EDIT_LOAD - 1
    block: int | None = None


def position_from_cursor(after: Place) -> PagePosition:
    """Where a page ended that gave `after`; raises `ValueError` where none did."""
    _, *numbers = after
    if [number for number in numbers if type(number) is not int or not 0 <= number <= _LAST]:
        raise ValueError("no place")
    serial, line, newest, block = numbers
    return PagePosition(
        serial, line, min(newest, MANUAL_EDIT_LOAD - 1), block if block < load_tail.MOST_BLOCKS else None
    )


def recent_loads(engine: Engine, contract: type[Contract], serial: int) -> LoadList:
    """Loads before `serial`."""
    query = _LOADS.format(
        table=sql.Literal(dataset_table.qualified_name(contract.dataset)),
        dataset=sql.Literal(contract.dataset),
        serial=sql.Literal(serial),
        limit=sql.Literal(_LOADS_AT_ONCE),
    )
    found = transactions.run_query(engine, query)
    blocks, is_edited = found[0][:2]
    return LoadList(blocks, is_edited, [LoadRange(*load) for _, _, *load in found if load[0] is not None])


def iterate_loads(
    engine: Engine, contract: type[Contract], mark: PagePosition, known: LoadList
) -> Iterator[LoadRange]:
    """The load of `mark` and those before it; looked up when they are asked for."""
    if mark.serial == MANUAL_EDIT_LOAD and known.is_edited:
        yield LoadRange(MANUAL_EDIT_LOAD, _LAST)
    loads = known.loads
    while True:
        yield from loads
        if len(loads) < _LOADS_AT_ONCE:
            return
        loads = recent_loads(engine, contract, loads[-1].serial).loads


RECENT_ORDER = "recent"

_LOADS_AT_A_GLANCE = 4
"""Of each the last lines are looked at for rows that pass filters, before the whole table is sorted."""
_FILTERED = sql.SQL("""
    select *, ctid as _place from {table} where (_load, _line) < ({load}, {line}) and {conditions}
        and (_load <= {newest} or _load = {by_hand})
    order by _load desc, _line desc limit {limit}""")


def page_by_recency(engine: Engine, contract: type[Contract], asked: PageRequest) -> RowPage:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order.

    Rows that neither a load nor a hand brought are only found with filters.
    """
    mark = PagePosition() if asked.after is None else position_from_cursor(asked.after)
    ledger = recent_loads(engine, contract, min(mark.serial, mark.newest) + 1)
    if asked.after is None and ledger.loads:
        mark = mark._replace(newest=ledger.loads[0].serial)
    if asked.filters:
        rows, is_cut = _glance(engine, contract, asked, mark, ledger) or _filtered(
            engine, contract, asked, mark
        )
    else:
        rows, is_cut = _by_load(engine, contract, asked.limit + 1, mark, ledger)
    found = rows[: asked.limit]
    is_more = is_cut or len(rows) > asked.limit
    after: Place | None = [RECENT_ORDER, *found[-1][:2], mark.newest, found[-1].block] if is_more else None
    return RowPage(tuple(contract.model_fields), [row.text for row in found], after)


def _glance(
    engine: Engine, contract: type[Contract], asked: PageRequest, mark: PagePosition, ledger: LoadList
) -> TailRows | None:
    """The page, where the last rows of the newest loads hold enough that pass the filters."""
    rows: list[TailRow] = []
    conditions = filters.combine_filters(one.condition() for one in asked.filters)
    for load in islice(iterate_loads(engine, contract, mark, ledger), _LOADS_AT_A_GLANCE):
        below = mark.line if load.serial == mark.serial else None
        limit = asked.limit + 1 - len(rows)
        found = load_tail.search_tail(engine, contract, load, (below, limit), conditions)
        if found is None:
            return None
        rows += found.rows
        if found.is_cut or len(rows) > asked.limit:
            return TailRows(rows, found.is_cut)
    return None


def _filtered(engine: Engine, contract: type[Contract], asked: PageRequest, mark: PagePosition) -> TailRows:
    rows = _FILTERED.format(
        table=row_page.table_identifier(contract),
        load=sql.Literal(mark.serial),
        line=sql.Literal(mark.line),
        newest=sql.Literal(mark.newest),
        by_hand=sql.Literal(MANUAL_EDIT_LOAD),
        conditions=filters.combine_filters(one.condition() for one in asked.filters),
        limit=sql.Literal(asked.limit + 1),
    )
    return load_tail.fetch_tail(engine, contract, rows)


def _by_load(
    engine: Engine, contract: type[Contract], limit: int, mark: PagePosition, ledger: LoadList
) -> TailRows:
    rows: list[TailRow] = []
    size = 0
    end = time.monotonic() + transactions.TIMEOUT_SECONDS
    block = ledger.blocks - 1 if mark.serial == MANUAL_EDIT_LOAD or mark.block is None else mark.block
    for load in iterate_loads(engine, contract, mark, ledger):
        below = mark.line if load.serial == mark.serial else None
        found, is_cut = load_tail.last_rows(engine, contract, load, (below, block), limit - len(rows))
        rows += found
        size += sum(len(row.text) for row in found)
        is_cut = is_cut or size > row_page.MAX_PAGE_BYTES  # of several loads
        if is_cut or len(rows) >= limit:
            return TailRows(rows, is_cut)
        if found and load.serial != MANUAL_EDIT_LOAD:
            block = found[-1].block
        if time.monotonic() > end:
            raise Unavailable(
                driver_errors.POSTGRES, "many loads whose rows later ones replaced take too long"
            )
    return TailRows(rows)
