"""Rows of a dataset by the loads that brought them: read back as JSON that Postgres makes, or handed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sqlalchemy import Connection, Engine, Text, cast, delete, exists, func, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from shared import brief
from shared.contracts.base import Contract
from shared.ledger.state import State
from shared.tables import dataset
from shared.tables.dataset import LINE_COLUMN, LOAD_COLUMN, Field
from shared.tables.ingest import ingestions

_WINDOWS = (2_000, 200_000, 2**62)
"""Lines of a file that are looked at for its first rows: more only where these do not hold enough."""


_WAYS_THROUGH_EVERY_ROW = ("seqscan", "hashagg", "hashjoin", "mergejoin")
"""What the planner must not choose: without statistics, or with few loads, it would read the whole table."""


def first_chunk(engine: Engine, contract: type[Contract], limit: int) -> str:
    """The first `limit` rows in load order as a JSON array of objects, columns in the contract's order.

    Dates are ISO 8601; decimals are JSON numbers with the digits of the file, but for zeros at their end.
    Rows that no load brought are not among them. Raises `Unavailable`.
    """
    chunk: list[str] = []
    with brief.connect(engine) as connection:
        for way in _WAYS_THROUGH_EVERY_ROW:
            connection.execute(text(f"set local enable_{way} = off"))
        for serial in _loads(connection, contract):
            chunk += _rows_of(connection, contract, serial, limit - len(chunk))
            if len(chunk) >= limit:
                break
    return f"[{','.join(chunk)}]"


def first_of(connection: Connection, contract: type[Contract], serial: int, limit: int) -> list[str]:
    """The first `limit` rows of one load, as texts of JSON objects."""
    for way in _WAYS_THROUGH_EVERY_ROW:
        connection.execute(text(f"set local enable_{way} = off"))
    return _rows_of(connection, contract, serial, limit)


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


def _rows_of(connection: Connection, contract: type[Contract], serial: int, limit: int) -> list[str]:
    """The first rows of one load, as JSON texts."""
    table = dataset.table(contract)
    rows: list[str] = []
    for last_line in _WINDOWS:
        window = (
            select(*(_shown(contract, field) for field in dataset.fields(contract)))
            .where(table.c[LOAD_COLUMN] == serial, table.c[LINE_COLUMN].between(1, last_line))
            .order_by(table.c[LINE_COLUMN])
            .limit(limit)
            .subquery("row")
        )
        as_json = cast(func.row_to_json(window.table_valued()), Text)
        rows = list(connection.scalars(select(as_json)))
        if len(rows) >= limit:
            break
    return rows


def _shown(contract: type[Contract], field: Field) -> ColumnElement[object]:
    column = dataset.table(contract).c[field.name]
    return func.trim_scale(column).label(field.name) if field.python_type is Decimal else column
