"""The first rows of a dataset or of a load, in load order.

A load writes its rows in line order, and they stay in this order in the table until deleted space is reused.
Two rows of a load never have the same line. So if the first blocks of the table hold rows on consecutive
lines, beginning on the line after the header, no row of the load can come before or between them: the query
needs neither an index nor the rest of the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Engine, exists, select, text

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LOAD_COLUMN
from shared.database import transactions
from shared.errors import TooLarge
from shared.ledger.tables import State, ingestions
from shared.queries import row_page

# `+ 0` keeps the planner from the index of loads: with a larger table it takes longer.
_QUERY = sql.SQL("""
    select coalesce(first.format ->> 'header_line', '0')::bigint
        + case when first.format ->> 'header_line' is null then 1
            else (first.format ->> 'header_lines')::bigint end,
        page._line, row_to_json(_output.*)::text
    from (
        select serial, format from ingest.ingestions
        where dataset = {dataset} and state = 'loaded' and replaced_by is null
            and rows_inserted + rows_updated > 0
        order by serial limit 1
    ) as first cross join lateral ({rows}) as page cross join lateral (select {columns}) as _output""")
_ROWS = sql.SQL("""
    select * from {table} where ctid < {end}::tid and _load + 0 = first.serial
    order by _line limit {limit}""")
_ROWS_OF_LOAD = sql.SQL("""
    select * from {table} where _load = {load} and _line between 1 and {last} order by _line limit {limit}""")

_LINE_WINDOWS = (2_000, 200_000, 2**62)
"""How many lines of a file are searched for its first rows; the next number if too few rows are found."""

_MAX_BYTES = 8 * row_page.MAX_PAGE_BYTES
"""Bytes of rows of several loads; the rows of one load are limited by `row_page`."""

_NEVER_READ_WHOLE_TABLE = text(
    "; ".join(f"set local enable_{plan} = off" for plan in ("seqscan", "hashagg", "hashjoin", "mergejoin"))
)
"""Without statistics, or with few loads, the planner would choose these and read the whole table."""


def first_chunk(engine: Engine, contract: type[Contract], limit: int) -> str:
    """The first `limit` rows in load order as a JSON array of objects, columns in the contract's order.

    Dates are ISO 8601; decimals are JSON numbers with the digits of the file, without trailing zeros. Rows
    whose last change was an edit are left out. Raises `TooLarge` and `Unavailable`.
    """
    rows = _rows_by_position(engine, contract, limit) or _rows_by_load(engine, contract, limit)
    return f"[{','.join(rows)}]"


def _rows_by_position(engine: Engine, contract: type[Contract], limit: int) -> list[str] | None:
    """The first rows as JSON texts; `None` if the beginning of the table does not prove that it has them."""
    rows = _ROWS.format(
        table=row_page.table_identifier(contract),
        end=sql.Literal(f"({limit // row_page.MIN_ROWS_PER_BLOCK + 1},0)"),
        limit=sql.Literal(limit),
    )
    query = _QUERY.format(
        dataset=sql.Literal(contract.dataset),
        rows=row_page.limited_rows(contract, rows, sql.SQL("_line")),
        columns=row_page.json_columns(contract),
    )
    result = transactions.run_query(engine, query)
    if len(result) < limit:
        return None
    first_line = result[0][0]
    is_complete = [line for _, line, _ in result] == list(range(first_line, first_line + limit))
    return [row for _, _, row in result] if is_complete else None


def _rows_by_load(engine: Engine, contract: type[Contract], limit: int) -> list[str]:
    """The first rows as JSON texts, load by load; raises `TooLarge`."""
    chunk: list[str] = []
    size = 0
    with transactions.short_transaction(engine) as connection:
        connection.execute(_NEVER_READ_WHOLE_TABLE)
        for serial in _loads(connection, contract):
            rows, is_cut = _rows_of_load(connection, contract, serial, limit - len(chunk))
            chunk += rows
            size += sum(len(row.encode()) for row in rows)
            if is_cut or size > _MAX_BYTES:
                raise TooLarge(
                    f"The first {limit} rows are too long for one response. Ask for fewer rows, or read them "
                    f"page by page (GET /api/read/{contract.dataset})."
                )
            if len(chunk) >= limit:
                break
    return chunk


def first_rows_of_load(
    connection: Connection, contract: type[Contract], serial: int, limit: int
) -> list[str]:
    """The first `limit` rows of one load as JSON texts."""
    connection.execute(_NEVER_READ_WHOLE_TABLE)
    return _rows_of_load(connection, contract, serial, limit)[0]


def _loads(connection: Connection, contract: type[Contract]) -> Iterator[int]:
    """The serials of the loads that have rows, in order; each is queried when it is needed."""
    table = dataset_table.sqlalchemy_table(contract)
    serial = 0
    while True:
        following = connection.scalar(
            select(ingestions.c.serial)
            .where(
                ingestions.c.dataset == contract.dataset,
                ingestions.c.state == State.LOADED,
                ingestions.c.serial > serial,
                exists().where(table.c[LOAD_COLUMN] == ingestions.c.serial),
            )
            .order_by(ingestions.c.serial)
            .limit(1)
        )
        if following is None:
            return
        serial = following
        yield serial


def _rows_of_load(
    connection: Connection, contract: type[Contract], serial: int, limit: int
) -> tuple[list[str], bool]:
    """The first rows of one load as JSON texts, and whether some of them do not fit into a page."""
    result: list[Any] = []
    driver: Any = connection.connection.dbapi_connection
    for last_line in _LINE_WINDOWS:
        rows = _ROWS_OF_LOAD.format(
            table=row_page.table_identifier(contract),
            load=sql.Literal(serial),
            last=sql.Literal(last_line),
            limit=sql.Literal(limit),
        )
        query = row_page.rows_query(contract, rows, sql.SQL("_line"))
        result = list(connection.exec_driver_sql(query.as_string(driver)))
        if result and result[0][0] >= limit:
            break
    return [row for _, row in result], bool(result) and result[0][0] > len(result)
