"""Writes or deletes one row and records the edit in `ingest.edits`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import psycopg2
import psycopg2.errors
from psycopg2 import sql
from pydantic import ValidationError
from sqlalchemy import Connection, Engine

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LINE_COLUMN, LOAD_COLUMN, MANUAL_EDIT_LOAD, Field
from shared.database import transactions
from shared.database.transactions import column_list, literal_list
from shared.driver_errors import POSTGRES
from shared.error_codes import ROW_TOO_LARGE
from shared.errors import ConcurrencyConflict, Conflict, InvalidRequest, NotFound
from shared.ledger import locks
from shared.parsing.rejects import model_errors
from shared.queries import filters, row_page
from shared.queries.filters import Key

_OWNER_RULES: dict[type[psycopg2.Error], str] = {
    psycopg2.errors.CheckViolation: "the check {0} does not allow this row",
    psycopg2.errors.UniqueViolation: "another row has the values that {0} requires to be unique",
    psycopg2.errors.ForeignKeyViolation: "the foreign key {0} does not allow this",
    psycopg2.errors.ExclusionViolation: "another row excludes it by {0}",
    psycopg2.errors.NotNullViolation: "the column {0}, which the contract does not have, needs a value",
    psycopg2.errors.RaiseException: "a trigger refused it",
}


@contextmanager
def translate_owner_errors() -> Iterator[None]:
    """Translate errors of the table's own rules to `Conflict`, without Postgres' text, which quotes rows."""
    try:
        yield
    except psycopg2.errors.ProgramLimitExceeded:
        raise InvalidRequest(f"The row is {ROW_TOO_LARGE}") from None
    except tuple(_OWNER_RULES) as exc:
        name = exc.diag.constraint_name or exc.diag.column_name or "a rule"
        raise Conflict(
            f"Table {exc.diag.table_name or ''} refuses the edit: {_OWNER_RULES[type(exc)].format(name)}."
        ) from None


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
class EditedRow:
    """The row after the edit as JSON text; `is_new`: there was no row with its key."""

    row: str
    is_new: bool


def put_row(engine: Engine, row: Contract, key: Key) -> EditedRow:
    """Insert `row`, or replace the row with the same `key`; an equal row is not written.

    A contract's `on_conflict` does not apply: it is for files. Raises `Unavailable`, also if a load or
    another edit holds the row for seconds, `Conflict` if a rule of the table refuses the row, and
    `InvalidRequest` if the row is too large for a page.
    """
    contract = type(row)
    with transactions.short_transaction(engine) as connection:
        before = _lock(connection, contract, key)
        number = _first(connection, _NUMBER)
        after = None if before else _first(connection, _insertion(row, number))
        if before is None and after is None:  # another transaction has inserted it meanwhile
            before = _lock(connection, contract, key)
        if before is not None:
            after = _first(connection, _change(row, key, number))
            if after is None:
                return EditedRow(before, is_new=False)
        if after is None:
            raise ConcurrencyConflict(POSTGRES, "other transactions kept changing the same row")
        _record(connection, contract, number, before, after)
    return EditedRow(after, is_new=before is None)


def delete_row(engine: Engine, contract: type[Contract], key: Key) -> None:
    """Delete the row with this key. Raises `NotFound`, and what `put_row` raises."""
    with transactions.short_transaction(engine) as connection:
        before = _lock(connection, contract, key)
        if before is None:
            raise NotFound("There is no row with this key.")
        statement = _DELETE.format(
            table=row_page.table_identifier(contract), is_key=filters.key_condition(key)
        )
        _first(connection, statement)
        _record(connection, contract, _first(connection, _NUMBER), before, None)


def _lock(connection: Connection, contract: type[Contract], key: Key) -> str | None:
    """The current row, locked until the transaction ends."""
    names = {"table": row_page.table_identifier(contract), "columns": row_page.json_columns(contract)}
    found: str | None = _first(connection, _LOCK.format(is_key=filters.key_condition(key), **names))
    return found


def _insertion(row: Contract, number: int) -> sql.Composable:
    contract, values = type(row), _values(row) | {LOAD_COLUMN: MANUAL_EDIT_LOAD, LINE_COLUMN: number}
    return _INSERT.format(
        table=row_page.table_identifier(contract),
        names=column_list(values),
        values=literal_list(values.values()),
        key=column_list(contract.key),
        columns=row_page.json_columns(contract),
    )


def _change(row: Contract, key: Key, number: int) -> sql.Composable:
    contract, columns = type(row), _values(row)
    values = columns | {LOAD_COLUMN: MANUAL_EDIT_LOAD, LINE_COLUMN: number}
    return _UPDATE.format(
        table=row_page.table_identifier(contract),
        names=column_list(values),
        values=literal_list(values.values()),
        is_key=filters.key_condition(key),
        own=column_list(columns),
        own_values=literal_list(columns.values()),
        columns=row_page.json_columns(contract),
    )


def _record(
    connection: Connection, contract: type[Contract], number: int, before: str | None, after: str | None
) -> None:
    """Record both versions of the row, and commit in order with the loads that change existing rows."""
    facts = {"number": number, "dataset": contract.dataset, "before": before, "after": after}
    _first(connection, _RECORD.format(**{name: sql.Literal(value) for name, value in facts.items()}))
    locks.next_commit_number(connection, contract.dataset)


def _values(row: Contract) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in type(row).model_fields}
    return {name: value.value if isinstance(value, Enum) else value for name, value in found.items()}


def _first(connection: Connection, statement: sql.Composable) -> Any:
    """The first value of the first row; `None` without rows."""
    driver: Any = connection.connection
    with translate_owner_errors(), driver.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchone()
    return found and found[0]


_EXPECTED: dict[type, str] = {bool: "true or false"}


class _Number(str):
    """The text of a JSON number, so that no digit is lost."""

    __slots__ = ()


def row_from_json(contract: type[Contract], body: bytes, key: Key) -> Contract:
    """The row in the JSON object `body`, which has the key `key`; columns of the key may be left out.

    A value that is `null` or left out is missing, like an empty cell of a file. Raises `InvalidRequest` with
    every error.
    """
    given = {name: value for name, value in _object(body).items() if value is not None}
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    faults = [
        _fault(name, why) for name, value in given.items() if (why := _reason_against(fields, name, value))
    ]
    if faults:
        raise _invalid(faults)
    texts = {name: str(value) for name, value in key.items()} | {n: _text(v) for n, v in given.items()}
    try:
        row = contract.model_validate(texts, by_alias=False, by_name=True)
    except ValidationError as exc:
        raise _invalid(list(_faults(exc, texts))) from None
    others = {name: getattr(row, name) for name, value in key.items() if getattr(row, name) != value}
    if others:
        raise _invalid(
            [_fault(name, f"the path has {key[name]}, the row has {others[name]}") for name in others]
        )
    return row


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(
            body,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_refuse,
            object_pairs_hook=_members,
        )
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object with one member per column.")
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid([_fault(twice, "it occurs more than once in the body")])
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _reason_against(fields: Mapping[str, Field], name: str, value: Any) -> str | None:
    """The reason why `value` cannot be a value of the column, before the contract validates it."""
    if name not in fields:
        return f"there is no such column; the columns are {', '.join(fields)}"
    kind, expected = fields[name].python_type, fields[name].column_type.name
    if isinstance(value, dict | list):
        return f"expected {expected}, not an object or a list"
    if isinstance(value, bool) and kind is not bool:
        return f"expected {expected}, not a boolean"
    if isinstance(value, _Number) and kind not in {int, float, Decimal}:
        return f"expected {_EXPECTED.get(kind, f'{expected} as a string')}, not a number"
    if isinstance(value, str) and (error := _unstorable(value)):
        return error
    return None


def _unstorable(text: str) -> str | None:
    if "\0" in text:
        return "Postgres cannot store NUL in a text"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it has half of a surrogate pair, which is not valid text"
    return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _faults(error: ValidationError, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for found in model_errors(error, texts):
        value = found.value if found.column in texts else None
        yield {"column": found.column, "code": found.code, "detail": found.message, "value": value}


def _fault(column: str, detail: str) -> dict[str, Any]:
    return {"column": column, "detail": detail}


def _invalid(faults: list[dict[str, Any]]) -> InvalidRequest:
    details = "; ".join(f"{fault['column'] or 'the row'}: {fault['detail']}" for fault in faults)
    return InvalidRequest(f"The row violates the contract: {details}.", faults)
