"""The use case of editing: one row written or deleted, what it was and is kept in `ingest.edits`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Engine

from shared.contracts.base import Contract
from shared.contracts.dataset import BY_HAND, LINE_COLUMN, LOAD_COLUMN
from shared.database import brief
from shared.errors import Contended, NotFound
from shared.faults import POSTGRES
from shared.ledger import commits
from shared.queries import keys, shown
from shared.queries.keys import Key
from shared.use_cases import tables_own

_LOCK = sql.SQL("""
    select row_to_json(_shown.*)::text from (select * from {table} where {is_key} for update) as page
    cross join lateral (select {columns}) as _shown""")
_NUMBER = sql.SQL("select nextval(pg_get_serial_sequence('ingest.edits', 'id'))")
_INSERT = sql.SQL("""
    with page as (insert into {table} ({names}) values ({values}) on conflict ({key}) do nothing returning *)
    select row_to_json(_shown.*)::text from page cross join lateral (select {columns}) as _shown""")
_UPDATE = sql.SQL("""
    with page as (
        update {table} set ({names}) = row ({values})
        where {is_key} and ({own}) is distinct from ({own_values}) returning *)
    select row_to_json(_shown.*)::text from page cross join lateral (select {columns}) as _shown""")
_DELETE = sql.SQL("delete from {table} where {is_key} returning true")
_RECORD = sql.SQL("""
    insert into ingest.edits (id, dataset, before, after) values ({number}, {dataset}, {before}, {after})
    returning id""")


@dataclass(frozen=True, slots=True)
class Written:
    """The row as it is now, as JSON text, and whether there was none before."""

    row: str
    is_new: bool


def put(engine: Engine, row: Contract, key: Key) -> Written:
    """Write `row`, whose key is `key`, in place of the one with that key, if there is one.

    Whatever a contract's `on_conflict` says, which is about files. A row that is so already is left alone.
    Raises `Unavailable`, also where a load or another edit holds the row for seconds, `Conflict` where the
    table has rules of its own, and `InvalidRequest` where no page of it has room for the row.
    """
    contract = type(row)
    with brief.connect(engine) as connection:
        before = _lock(connection, contract, key)
        number = _first(connection, _NUMBER)
        after = None if before else _first(connection, _insertion(row, number))
        if before is None and after is None:  # somebody else has inserted it meanwhile
            before = _lock(connection, contract, key)
        if before is not None:
            after = _first(connection, _change(row, key, number))
            if after is None:
                return Written(before, is_new=False)
        if after is None:
            raise Contended(POSTGRES, "other transactions kept changing the same row")
        _record(connection, contract, number, before, after)
    return Written(after, is_new=before is None)


def delete(engine: Engine, contract: type[Contract], key: Key) -> None:
    """Delete the row with this key; raises `NotFound` without one, else as `put`."""
    with brief.connect(engine) as connection:
        before = _lock(connection, contract, key)
        if before is None:
            raise NotFound("There is no row with this key.")
        statement = _DELETE.format(table=shown.table(contract), is_key=keys.condition(key))
        _first(connection, statement)
        _record(connection, contract, _first(connection, _NUMBER), before, None)


def _lock(connection: Connection, contract: type[Contract], key: Key) -> str | None:
    """The row as it is, which nobody else can change until the transaction ends."""
    names = {"table": shown.table(contract), "columns": shown.columns(contract)}
    found: str | None = _first(connection, _LOCK.format(is_key=keys.condition(key), **names))
    return found


def _insertion(row: Contract, number: int) -> sql.Composable:
    contract, values = type(row), _values(row) | {LOAD_COLUMN: BY_HAND, LINE_COLUMN: number}
    return _INSERT.format(
        table=shown.table(contract),
        names=_names(list(values)),
        values=_literals(values),
        key=_names(list(contract.key)),
        columns=shown.columns(contract),
    )


def _change(row: Contract, key: Key, number: int) -> sql.Composable:
    contract, own = type(row), _values(row)
    values = own | {LOAD_COLUMN: BY_HAND, LINE_COLUMN: number}
    return _UPDATE.format(
        table=shown.table(contract),
        names=_names(list(values)),
        values=_literals(values),
        is_key=keys.condition(key),
        own=_names(list(own)),
        own_values=_literals(own),
        columns=shown.columns(contract),
    )


def _record(
    connection: Connection, contract: type[Contract], number: int, before: str | None, after: str | None
) -> None:
    """Keep what was and what is, and commit as loads do that changed a row: one after the other."""
    facts = {"number": number, "dataset": contract.dataset, "before": before, "after": after}
    _first(connection, _RECORD.format(**{name: sql.Literal(value) for name, value in facts.items()}))
    commits.take_turn(connection, contract.dataset)


def _values(row: Contract) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in type(row).model_fields}
    return {name: value.value if isinstance(value, Enum) else value for name, value in found.items()}


def _names(names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _literals(values: dict[str, Any]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Literal, values.values()))


def _first(connection: Connection, statement: sql.Composable) -> Any:
    """The first value of the first row; `None` without rows."""
    driver: Any = connection.connection
    with tables_own.said(), driver.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchone()
    return found and found[0]
