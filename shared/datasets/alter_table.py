"""Alters the table of an inferred dataset: adds and widens columns, and adds the primary key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import psycopg2.errors
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.column_types import Kind
from shared.database import transactions
from shared.database.transactions import cursor
from shared.inference.table_columns import TableColumn
from shared.inference.widening import Mark, NumberForm

_NUMBER_TEXTS = {
    NumberForm.FIXED: "round({value}, {places})::text",
    NumberForm.TRIMMED: "trim_scale({value})::text",
    NumberForm.POINT: "case when {value} = trunc({value}) then trunc({value})::text || '.0'"
    " else trim_scale({value})::text end",
    NumberForm.WHOLE_BARE: "case when {value} = trunc({value}) then trunc({value})::text"
    " else round({value}, {places})::text end",
}
_BOOLEAN_TEXTS = {Mark.UPPER: "upper({value}::text)", Mark.TITLE: "initcap({value}::text)"}


def text_expression(column: TableColumn) -> sql.Composed:
    """SQL for the values of `column` as text, in the form of the files if all files had one form.

    Otherwise numbers have no trailing zeros. Times have seconds; times with a time zone are in UTC.
    """
    return sql.SQL(_expression(column)).format(
        value=sql.Identifier(column.name),
        places=sql.Literal(column.form.most or 0),
        separator=sql.SQL('"T"' if Mark.BLANK not in column.form.marks else " "),
    )


def _expression(column: TableColumn) -> str:
    if column.type.kind is Kind.NUMERIC:
        return _NUMBER_TEXTS[column.form.of_numbers or NumberForm.TRIMMED]
    if column.type.kind is Kind.BOOLEAN and column.form.of_words in _BOOLEAN_TEXTS:
        return _BOOLEAN_TEXTS[column.form.of_words]
    return column.type.column_type.text


class Action(StrEnum):
    """What happens to a column; there are no other changes."""

    ADD = "added"
    WIDEN = "widened"
    ALLOW_MISSING = "made nullable"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a column from `before` (`None` if it is new) to `after`."""

    action: Action
    before: TableColumn | None
    after: TableColumn

    def as_json(self) -> dict[str, str]:
        """The change as JSON: `column`, `change`, `type`, and for a wider type `from`, the type before."""
        described = {"column": self.after.name, "change": str(self.action), "type": str(self.after.type)}
        if self.action is Action.WIDEN and self.before is not None:
            described["from"] = str(self.before.type)
        return described


def column_changes(before: Sequence[TableColumn], after: Sequence[TableColumn]) -> list[Change]:
    """The changes of a table with the columns `before` to the columns `after`, which evolved from them.

    Larger numbers are not a change: a numeric column has no limit in the table.
    """
    old_columns = {column.name: column for column in before}
    changes: list[Change] = []
    for column in after:
        old = old_columns.get(column.name)
        if old is None:
            changes.append(Change(Action.ADD, None, column))
            continue
        if old.type.kind is not column.type.kind:
            changes.append(Change(Action.WIDEN, old, column))
        if column.nullable and not old.nullable:
            changes.append(Change(Action.ALLOW_MISSING, old, column))
    return changes


def alter_statement(
    table: sql.Identifier, changes: Sequence[Change], key: Collection[str] = ()
) -> sql.Composed:
    """One `ALTER TABLE` for all `changes`, at least one, so that rows are rewritten only once."""
    actions = transactions.comma_separated(_action(change, change.after.name in key) for change in changes)
    return sql.SQL("alter table {} {}").format(table, actions)


def _action(change: Change, is_key: bool) -> sql.Composed:
    name = sql.Identifier(change.after.name)
    if change.action is Action.ALLOW_MISSING:
        return sql.SQL("alter column {} drop not null").format(name)
    type_ = sql.SQL(_type(change.after, is_key))
    if change.before is None:
        return sql.SQL("add column {} {}").format(name, type_)
    # A cast to text would depend on settings of the session.
    is_text = change.after.type.kind is Kind.TEXT
    values = text_expression(change.before) if is_text else sql.SQL("{}::{}").format(name, type_)
    return sql.SQL("alter column {} type {} using {}").format(name, type_, values)


def _type(column: TableColumn, is_key: bool) -> str:
    # As in contracts.dataset_table: text in a key is sorted by its bytes.
    is_text = column.type.kind is Kind.TEXT
    return 'text collate "C"' if is_key and is_text else str(column.type.kind)


_IN_BYTE_ORDER = """
    select attname::text from pg_attribute join pg_collation on pg_collation.oid = attcollation
    where attrelid = %s::regclass and attname = any (%s) and collname = 'C'"""


class AlterBlocked(Exception):
    """Another object of the database, such as a view, prevents a change; the message names it."""


def alter_table(connection: Connection, name: str, changes: Sequence[Change], key: Collection[str]) -> None:
    """Make the `changes`, at least one, to table `name`, whose key is `key`; raises `AlterBlocked`."""
    with _ddl_cursor(connection) as driver:
        driver.execute(alter_statement(sql.Identifier(dataset_table.TABLE_SCHEMA, name), changes, key))


def add_primary_key(connection: Connection, name: str, key: Sequence[str], texts: Collection[str]) -> None:
    """Make the columns `key` the primary key; its columns `texts` are sorted by their bytes.

    Raises `AlterBlocked`.
    """
    table = sql.Identifier(dataset_table.TABLE_SCHEMA, name)
    with _ddl_cursor(connection) as driver:
        driver.execute(_IN_BYTE_ORDER, [table.as_string(driver), list(texts)])
        ordered = {column for (column,) in driver.fetchall()}
        actions = [
            *(
                sql.SQL('alter column {} type text collate "C"').format(sql.Identifier(column))
                for column in texts
                if column not in ordered
            ),
            sql.SQL("add constraint {} primary key ({})").format(
                sql.Identifier(dataset_table.key_name(name)), transactions.column_list(key)
            ),
        ]
        driver.execute(sql.SQL("alter table {} {}").format(table, transactions.comma_separated(actions)))


def set_not_null(connection: Connection, name: str, columns: Sequence[str]) -> None:
    """Make `columns`, at least one, required."""
    actions = (sql.SQL("alter column {} set not null").format(sql.Identifier(column)) for column in columns)
    statement = sql.SQL("alter table {} {}").format(
        sql.Identifier(dataset_table.TABLE_SCHEMA, name), transactions.comma_separated(actions)
    )
    with cursor(connection) as driver:
        driver.execute(statement)


@contextmanager
def _ddl_cursor(connection: Connection) -> Iterator[psycopg2.extensions.cursor]:
    """A cursor that raises `AlterBlocked` if a view, a rule or another name prevents a change."""
    with cursor(connection) as driver:
        try:
            yield driver
        except (psycopg2.errors.FeatureNotSupported, psycopg2.errors.DuplicateTable) as exc:
            # These messages name columns, views and tables, never values of rows.
            lines = [exc.diag.message_primary, exc.diag.message_detail]
            raise AlterBlocked("; ".join(line for line in lines if line)) from None
