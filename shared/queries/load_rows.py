"""Rows of a dataset by the loads that brought them: read back as JSON that Postgres makes, or handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Engine, delete, exists, select, text, update

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import LOAD_COLUMN
from shared.database import brief
from shared.errors import TooLarge
from shared.ledger.ingest import ingestions
from shared.ledger.state import State
from shared.queries import beginning, shown

_WINDOWS = (2_000, 200_000, 2**62)
"""Lines of a file that are looked at for its first rows: more only where these do not hold enough."""

_MOST_BYTES = 8 * shown.MOST_BYTES
"""Of rows of several loads; those of one load are measured by themselves."""

_ROWS = sql.SQL("""
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
    chunk = beginning.look(engine, contract, limit) or []
    if chunk:
        return f"[{','.join(chunk)}]"
    with brief.connect(engine) as connection:
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


def first_of(connection: Connection, contract: type[Contract], serial: int, limit: int) -> list[str]:
    """The first `limit` rows of one load, as texts of JSON objects."""
    connection.execute(_NEVER_THROUGH_EVERY_ROW)
    return _rows_of(connection, contract, serial, limit)[0]


def hand_over(connection: Connection, contract: type[Contract], heirs: Mapping[int, int | None]) -> int:
    """Make the rows of each load in `heirs` rows of the load it is mapped to; with `None`, delete them.

    Returns how many there were.
    """
    table = dataset.table(contract)
    load = table.c[LOAD_COLUMN]
    count = 0
    for serial, heir in heirs.items():
        change = delete(table) if heir is None else update(table).values({load: heir})
        count += connection.execute(change.where(load == serial)).rowcount
    return count


def _loads(connection: Connection, contract: type[Contract]) -> Iterator[int]:
    """Serials of the loads that rows belong to, in order, each looked up when it is asked for."""
    table = dataset.table(contract)
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
        rows = _ROWS.format(
            table=shown.table(contract),
            load=sql.Literal(serial),
            last=sql.Literal(last_line),
            limit=sql.Literal(limit),
        )
        query = shown.query(contract, rows, sql.SQL("_line"))
        found = list(connection.exec_driver_sql(query.as_string(driver)))
        if found and found[0][0] >= limit:
            break
    return [row for _, row in found], bool(found) and found[0][0] > len(found)
