"""The first rows of a dataset or of a load, in load order.

A load's rows lie in the order of their lines as long as no freed places are used again. No two rows of a
load have the same line, so where lines follow each other without a gap, from the one behind the header on,
there can be none between them anywhere else: neither an index nor the rest of the table has to be asked.
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

# `+ 0`, so that the planner does not look into the index of loads, which takes it longer in a larger table.
_QUERY = sql.SQL("""
    select coalesce(first.format ->> 'header_line', '0')::bigint
        + case when first.format ->> 'header_line' is null then 1
            else (first.format ->> 'header_lines')::bigint end,
        page._line, row_to_json(_shown.*)::text
    from (
        select serial, format from ingest.ingestions
        where dataset = {dataset} and state = 'loaded' and replaced_by is null
            and rows_inserted + rows_updated > 0
        order by serial limit 1
    ) as first cross join lateral ({rows}) as page cross join lateral (select {columns}) as _shown""")
_ROWS = sql.SQL("""
    select * from {table} where ctid < {end}::tid and _load + 0 = first.serial
    order by _line limit {limit}""")


def first_rows_by_position(engine: Engine, contract: type[Contract], limit: int) -> list[str] | None:
    """The first `limit` rows as JSON texts; `None` where they may lie elsewhere. Raises `Unavailable`."""
    rows = _ROWS.format(
        table=row_page.table_identifier(contract),
        end=sql.Literal(f"({limit // row_page.MAX_ROWS_PER_BLOCK + 1},0)"),
        limit=sql.Literal(limit),
    )
    query = _QUERY.format(
        dataset=sql.Literal(contract.dataset),
        rows=row_page.limited_rows(contract, rows, sql.SQL("_line")),
        columns=row_page.json_columns(contract),
    )
    found = transactions.run_query(engine, query)
    if len(found) < limit or [line for _, line, _ in found] != list(range(found[0][0], found[0][0] + limit)):
        return None
    return [row for _, _, row in found]


_WINDOWS = (2_000, 200_000, 2**62)
"""Lines of a file that are looked at for its first rows: more only where these do not hold enough."""


_MOST_BYTES = 8 * row_page.MAX_PAGE_BYTES
"""Of rows of several loads; those of one load are measured by themselves."""


_ROWS_OF_LOAD = sql.SQL("""
    select * from {table} where _load = {load} and _line between 1 and {last} order by _line limit {limit}""")


_NEVER_THROUGH_EVERY_ROW = text(
    "; ".join(f"set local enable_{way} = off" for way in ("seqscan", "hashagg", "hashjoin", "mergejoin"))
)
"""What the planner must not choose: without statistics, or with few loads, it would read the whole table."""


def first_chunk(engine: Engine, contract: type[Contract], limit: int) -> str:
    """The first `limit` rows in load order as a JSON array of objects, columns in the contract's order.

    Dates are ISO 8601; decimals are JSON numbers with the digits of the file, but for zeros at their end.
    Rows that no load brought are not among them. Raises `TooLarge` and `Unavailable`.
    """
    chunk = first_rows_by_position(engine, contract, limit) or []
    if chunk:
        return f"[{','.join(chunk)}]"
    with transactions.short_transaction(engine) as connection:
        connection.execute(_NEVER_THROUGH_EVERY_ROW)
        size = 0
        for serial in _loads(connection, contract):
            found, is_cut = _rows_of(connection, contract, serial, limit - len(chunk))
            chunk += found
            size += sum(len(row.encode()) for row in found)
            if is_cut or size > _MOST_BYTES:
                raise TooLarge(
                    f"The first {limit} rows are too long for one answer: ask for fewer, or read them page "
                    f"by page (GET /api/read/{contract.dataset})."
                )
            if len(chunk) >= limit:
                break
    return f"[{','.join(chunk)}]"


def first_rows_of_load(
    connection: Connection, contract: type[Contract], serial: int, limit: int
) -> list[str]:
    """The first `limit` rows of one load, as texts of JSON objects."""
    connection.execute(_NEVER_THROUGH_EVERY_ROW)
    return _rows_of(connection, contract, serial, limit)[0]


def _loads(connection: Connection, contract: type[Contract]) -> Iterator[int]:
    """Serials of the loads that rows belong to, in order, each looked up when it is asked for."""
    table = dataset_table.sqlalchemy_table(contract)
    serial = 0
    while True:
        found = connection.scalar(
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
        if found is None:
            return
        serial = found
        yield serial


def _rows_of(
    connection: Connection, contract: type[Contract], serial: int, limit: int
) -> tuple[list[str], bool]:
    """The first rows of one load as JSON texts, and whether an answer has no room for all of them."""
    found: list[Any] = []
    driver: Any = connection.connection.dbapi_connection
    for last_line in _WINDOWS:
        rows = _ROWS_OF_LOAD.format(
            table=row_page.table_identifier(contract),
            load=sql.Literal(serial),
            last=sql.Literal(last_line),
            limit=sql.Literal(limit),
        )
        query = row_page.rows_query(contract, rows, sql.SQL("_line"))
        found = list(connection.exec_driver_sql(query.as_string(driver)))
        if found and found[0][0] >= limit:
            break
    return [row for _, row in found], bool(found) and found[0][0] > len(found)
