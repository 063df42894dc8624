"""Alters the table of an inferred dataset, each time in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg2.errors
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.column_types import Kind
from shared.contracts.dataset_table import LINE_COLUMN, LOAD_COLUMN
from shared.database import sql_fragments
from shared.database.transactions import cursor
from shared.inference.table_columns import TableColumn
from shared.inference.widening import Mark, NumberForm

_NUMBERS = {
    NumberForm.FIXED: "round({value}, {places})::text",
    NumberForm.TRIMMED: "trim_scale({value})::text",
    NumberForm.POINT: "case when {value} = trunc({value}) then trunc({value})::text || '.0'"
    " else trim_scale({value})::text end",
    NumberForm.WHOLE_BARE: "case when {value} = trunc({value}) then trunc({value})::text"
    " else round({value}, {places})::text end",
}
_WORDS = {Mark.UPPER: "upper({value}::text)", Mark.TITLE: "initcap({value}::text)"}


def text_expression(column: TableColumn) -> sql.Composed:
    """The column's values as the files wrote them, where all wrote them in one form.

    Otherwise numbers have no zeros at the end. Times have seconds, those with a zone are in UTC.
    """
    return sql.SQL(_expression(column)).format(
        value=sql.Identifier(column.name),
        places=sql.Literal(column.form.most or 0),
        separator=sql.SQL('"T"' if Mark.BLANK not in column.form.marks else " "),
    )


def _expression(column: TableColumn) -> str:
    if column.type.kind is Kind.NUMERIC:
        return _NUMBERS[column.form.of_numbers or NumberForm.TRIMMED]
    if column.type.kind is Kind.BOOLEAN and column.form.of_words in _WORDS:
        return _WORDS[column.form.of_words]
    return column.type.column_type.text


class Action(StrEnum):
    """What is done to a column; nothing else ever is."""

    ADD = "added"
    WIDEN = "widened"
    ALLOW_MISSING = "made nullable"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one column: as it was (`None` where it is new) and as it becomes."""

    action: Action
    before: TableColumn | None
    after: TableColumn

    def as_json(self) -> dict[str, str]:
        """The change for the ledger: `{"column", "change", "type"}`, and `from`, the narrower type."""
        described = {"column": self.after.name, "change": str(self.action), "type": str(self.after.type)}
        if self.action is Action.WIDEN and self.before is not None:
            described["from"] = str(self.before.type)
        return described


def column_changes(before: Sequence[TableColumn], after: Sequence[TableColumn]) -> list[Change]:
    """What makes a table with columns `before` one with columns `after`, which they have grown to.

    More digits of a number are none: the table's column has no limit.
    """
    known = {column.name: column for column in before}
    found: list[Change] = []
    for column in after:
        old = known.get(column.name)
        if old is None:
            found.append(Change(Action.ADD, None, column))
            continue
        if old.type.kind is not column.type.kind:
            found.append(Change(Action.WIDEN, old, column))
        if column.nullable and not old.nullable:
            found.append(Change(Action.ALLOW_MISSING, old, column))
    return found


def alter_statement(
    table: sql.Identifier, wanted: Sequence[Change], key: Collection[str] = ()
) -> sql.Composed:
    """One `ALTER TABLE` that makes all of the `wanted` changes, at least one, in one pass over the rows."""
    actions = sql_fragments.comma_separated(_action(change, change.after.name in key) for change in wanted)
    return sql.SQL("alter table {} {}").format(table, actions)


def _action(change: Change, is_key: bool) -> sql.Composed:
    name = sql.Identifier(change.after.name)
    if change.action is Action.ALLOW_MISSING:
        return sql.SQL("alter column {} drop not null").format(name)
    kind = sql.SQL(_type(change.after, is_key))
    if change.before is None:
        return sql.SQL("add column {} {}").format(name, kind)
    # Only text is not cast: its form is ours, not the session's.
    is_text = change.after.type.kind is Kind.TEXT
    values = text_expression(change.before) if is_text else sql.SQL("{}::{}").format(name, kind)
    return sql.SQL("alter column {} type {} using {}").format(name, kind, values)


def _type(column: TableColumn, is_key: bool) -> str:
    # As `tables.dataset` makes it: a key is in the order of its bytes.
    is_text = column.type.kind is Kind.TEXT
    return 'text collate "C"' if is_key and is_text else str(column.type.kind)


_IN_BYTE_ORDER = """
    select attname::text from pg_attribute join pg_collation on pg_collation.oid = attcollation
    where attrelid = %s::regclass and attname = any (%s) and collname = 'C'"""


class AlterBlocked(Exception):
    """Something of the database's owner is in the way of a change; the message names it."""


def alter_table(connection: Connection, name: str, wanted: Sequence[Change], key: Collection[str]) -> None:
    """Make the `wanted` changes, at least one, of the columns of table `name` with this `key`.

    Raises `Blocked`.
    """
    with _changing(connection) as driver:
        driver.execute(alter_statement(sql.Identifier(dataset_table.TABLE_SCHEMA, name), wanted, key))


def add_primary_key(connection: Connection, name: str, key: Sequence[str], texts: Collection[str]) -> None:
    """Make the columns `key` the primary key; those of them that are `texts` get the order of their bytes.

    Raises `Blocked`.
    """
    table = sql.Identifier(dataset_table.TABLE_SCHEMA, name)
    with _changing(connection) as driver:
        driver.execute(_IN_BYTE_ORDER, [table.as_string(driver), list(texts)])
        ordered = {one for (one,) in driver.fetchall()}
        actions = [
            *(
                sql.SQL('alter column {} type text collate "C"').format(sql.Identifier(one))
                for one in texts
                if one not in ordered
            ),
            sql.SQL("add constraint {} primary key ({})").format(
                sql.Identifier(dataset_table.key_name(name)), sql_fragments.column_list(key)
            ),
        ]
        driver.execute(sql.SQL("alter table {} {}").format(table, sql_fragments.comma_separated(actions)))


def set_not_null(connection: Connection, name: str, columns: Sequence[str]) -> None:
    """Let `columns`, at least one, be nullable no more."""
    actions = (sql.SQL("alter column {} set not null").format(sql.Identifier(one)) for one in columns)
    statement = sql.SQL("alter table {} {}").format(
        sql.Identifier(dataset_table.TABLE_SCHEMA, name), sql_fragments.comma_separated(actions)
    )
    with cursor(connection) as driver:
        driver.execute(statement)


@contextmanager
def _changing(connection: Connection) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor for changes that views, rules and other tables' names can be in the way of."""
    with cursor(connection) as driver:
        try:
            yield driver
        except (psycopg2.errors.FeatureNotSupported, psycopg2.errors.DuplicateTable) as exc:
            # Neither quotes a row: they name columns, views and tables.
            lines = [exc.diag.message_primary, exc.diag.message_detail]
            raise AlterBlocked("; ".join(line for line in lines if line)) from None


_SHOWN = 10

_MISSING = sql.SQL("select {load}, {line} from {table} where {is_missing}")
_REPEATED = sql.SQL("""
    select {load}, {line} from (
        select {load}, {line}, row_number() over (partition by {key} order by {load}, {line}) as nth
        from {table}
    ) as numbered where nth > 1""")
_SOME = sql.SQL("""
    with found as materialized ({found})
    select (select count(*) from found), id::text, {load}, {line}
    from (select * from found order by 1, 2 limit {most}) as first
    left join ingest.ingestions on serial = {load} order by {load}, {line}""")


@dataclass(frozen=True, slots=True)
class KeyViolations:
    """How many rows, and the ingestion, load and line of the first ones."""

    count: int
    first: tuple[tuple[str | None, int, int], ...]

    def as_faults(self, detail: str) -> list[dict[str, Any]]:
        """The first ones for an answer, never their values."""
        return [
            {"ingestion_id": ingestion, "load": load, "line": line, "detail": detail}
            for ingestion, load, line in self.first
        ]


def rows_without_key(connection: Connection, name: str, key: Sequence[str]) -> KeyViolations:
    """Rows of the table that lack a value of `key`; all of them where it has no columns."""
    columns = [sql.SQL("{} is null").format(sql.Identifier(column)) for column in key]
    is_missing = sql.SQL(" or ").join(columns or [sql.SQL("true")])
    return _some(connection, _MISSING.format(is_missing=is_missing, **_names(name)))


def duplicate_keys(connection: Connection, name: str, key: Sequence[str]) -> KeyViolations:
    """Rows whose values of `key` an earlier row has."""
    columns = sql_fragments.column_list(key)
    return _some(connection, _REPEATED.format(key=columns, **_names(name)))


def _names(name: str) -> dict[str, sql.Identifier]:
    return {
        "table": sql.Identifier(dataset_table.TABLE_SCHEMA, name),
        "load": sql.Identifier(LOAD_COLUMN),
        "line": sql.Identifier(LINE_COLUMN),
    }


def _some(connection: Connection, found: sql.Composable) -> KeyViolations:
    names = {"load": sql.Identifier(LOAD_COLUMN), "line": sql.Identifier(LINE_COLUMN)}
    with cursor(connection) as driver:
        driver.execute(_SOME.format(found=found, most=sql.Literal(_SHOWN), **names))
        rows = driver.fetchall()
    return KeyViolations(rows[0][0] if rows else 0, tuple((one[1], one[2], one[3]) for one in rows))
