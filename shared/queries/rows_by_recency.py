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
from shared.queries import filters, last_rows, row_page
from shared.queries.last_rows import MAX_LINE, LoadRange, TailRow, TailRows
from shared.queries.row_page import Cursor, PageRequest, RowPage

RECENT_ORDER = "recent"

_LOADS_PER_QUERY = 50
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

_MAX_SEARCHED_TAILS = 4
"""Loads whose last lines are searched for rows that match filters, before the whole table is sorted."""
_FILTERED = sql.SQL("""
    select *, ctid as _ctid from {table} where (_load, _line) < ({load}, {line}) and {conditions}
        and (_load <= {newest} or _load = {manual_edit})
    order by _load desc, _line desc limit {limit}""")


class LoadList(NamedTuple):
    """Some loads, newest first; the number of blocks of the table, and whether rows were ever edited."""

    blocks: int
    is_edited: bool
    loads: list[LoadRange]


class PagePosition(NamedTuple):
    """The last row of the page before; loads above `newest` committed later and are left out."""

    serial: int = MANUAL_EDIT_LOAD
    line: int = MAX_LINE
    newest: int = MANUAL_EDIT_LOAD - 1
    block: int | None = None


def page_by_recency(engine: Engine, contract: type[Contract], request: PageRequest) -> RowPage:
    """The requested page; raises `ValueError` if `after` is not a cursor of this order.

    Rows that neither a load nor an edit of this app wrote are only found with filters.
    """
    position = PagePosition() if request.after is None else _position(request.after)
    ledger = _recent_loads(engine, contract, min(position.serial, position.newest) + 1)
    if request.after is None and ledger.loads:
        position = position._replace(newest=ledger.loads[0].serial)
    if request.filters:
        found = _search_tails(engine, contract, request, position, ledger)
        rows, is_cut = found or _filtered(engine, contract, request, position)
    else:
        rows, is_cut = _by_load(engine, contract, request.limit + 1, position, ledger)
    page = rows[: request.limit]
    cursor: Cursor | None = None
    if is_cut or len(rows) > request.limit:
        cursor = [RECENT_ORDER, *page[-1][:2], position.newest, page[-1].block]
    return RowPage(tuple(contract.model_fields), [row.text for row in page], cursor)


def _position(after: Cursor) -> PagePosition:
    """The position in a cursor; raises `ValueError` if it has none."""
    _, *numbers = after
    if [number for number in numbers if type(number) is not int or not 0 <= number <= MAX_LINE]:
        raise ValueError("not a cursor of this order")
    serial, line, newest, block = numbers
    return PagePosition(
        serial, line, min(newest, MANUAL_EDIT_LOAD - 1), block if block < last_rows.MAX_BLOCKS else None
    )


def _recent_loads(engine: Engine, contract: type[Contract], serial: int) -> LoadList:
    """The newest loads before `serial`."""
    query = _LOADS.format(
        table=sql.Literal(dataset_table.qualified_name(contract.dataset)),
        dataset=sql.Literal(contract.dataset),
        serial=sql.Literal(serial),
        limit=sql.Literal(_LOADS_PER_QUERY),
    )
    rows = transactions.run_query(engine, query)
    blocks, is_edited = rows[0][:2]
    return LoadList(blocks, is_edited, [LoadRange(*load) for _, _, *load in rows if load[0] is not None])


def _iterate_loads(
    engine: Engine, contract: type[Contract], position: PagePosition, ledger: LoadList
) -> Iterator[LoadRange]:
    """The load at `position` and those before it; more of them are queried when they are needed."""
    if position.serial == MANUAL_EDIT_LOAD and ledger.is_edited:
        yield LoadRange(MANUAL_EDIT_LOAD, MAX_LINE)
    loads = ledger.loads
    while True:
        yield from loads
        if len(loads) < _LOADS_PER_QUERY:
            return
        loads = _recent_loads(engine, contract, loads[-1].serial).loads


def _search_tails(
    engine: Engine, contract: type[Contract], request: PageRequest, position: PagePosition, ledger: LoadList
) -> TailRows | None:
    """The page, if the last rows of the newest loads have enough rows that match the filters."""
    rows: list[TailRow] = []
    conditions = filters.combine_conditions(condition.as_sql() for condition in request.filters)
    for load in islice(_iterate_loads(engine, contract, position, ledger), _MAX_SEARCHED_TAILS):
        below = position.line if load.serial == position.serial else None
        limit = request.limit + 1 - len(rows)
        found = last_rows.search_tail(engine, contract, load, (below, limit), conditions)
        if found is None:
            return None
        rows += found.rows
        if found.is_cut or len(rows) > request.limit:
            return TailRows(rows, found.is_cut)
    return None


def _filtered(
    engine: Engine, contract: type[Contract], request: PageRequest, position: PagePosition
) -> TailRows:
    rows = _FILTERED.format(
        table=row_page.table_identifier(contract),
        load=sql.Literal(position.serial),
        line=sql.Literal(position.line),
        newest=sql.Literal(position.newest),
        manual_edit=sql.Literal(MANUAL_EDIT_LOAD),
        conditions=filters.combine_conditions(condition.as_sql() for condition in request.filters),
        limit=sql.Literal(request.limit + 1),
    )
    return last_rows.fetch_tail(engine, contract, rows)


def _by_load(
    engine: Engine, contract: type[Contract], limit: int, position: PagePosition, ledger: LoadList
) -> TailRows:
    rows: list[TailRow] = []
    size = 0
    deadline = time.monotonic() + transactions.TIMEOUT_SECONDS
    block = ledger.blocks - 1
    if position.serial != MANUAL_EDIT_LOAD and position.block is not None:
        block = position.block
    for load in _iterate_loads(engine, contract, position, ledger):
        below = position.line if load.serial == position.serial else None
        found, is_cut = last_rows.last_rows(engine, contract, load, (below, block), limit - len(rows))
        rows += found
        size += sum(len(row.text) for row in found)
        is_cut = is_cut or size > row_page.MAX_PAGE_BYTES  # of several loads
        if is_cut or len(rows) >= limit:
            return TailRows(rows, is_cut)
        if found and load.serial != MANUAL_EDIT_LOAD:
            block = found[-1].block
        if time.monotonic() > deadline:
            raise Unavailable(
                driver_errors.POSTGRES, "too many loads were searched whose rows later loads replaced"
            )
    return TailRows(rows)
