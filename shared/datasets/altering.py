"""Changes the tables of inferred datasets, each in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import psycopg2.errors
import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset
from shared.database.driving import cursor
from shared.datasets import changes
from shared.datasets.changes import Change

_IN_BYTE_ORDER = """
    select attname::text from pg_attribute join pg_collation on pg_collation.oid = attcollation
    where attrelid = %s::regclass and attname = any (%s) and collname = 'C'"""


class Blocked(Exception):
    """Something of the database's owner is in the way of a change; the message names it."""


def alter(connection: Connection, name: str, wanted: Sequence[Change], key: Collection[str]) -> None:
    """Make the `wanted` changes, at least one, of the columns of table `name` with this `key`.

    Raises `Blocked`.
    """
    with _changing(connection) as driver:
        driver.execute(changes.alter(sql.Identifier(dataset.SCHEMA, name), wanted, key))


def add_key(connection: Connection, name: str, key: Sequence[str], texts: Collection[str]) -> None:
    """Make the columns `key` the primary key; those of them that are `texts` get the order of their bytes.

    Raises `Blocked`.
    """
    table = sql.Identifier(dataset.SCHEMA, name)
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
                sql.Identifier(dataset.key_name(name)), sql.SQL(", ").join(map(sql.Identifier, key))
            ),
        ]
        driver.execute(sql.SQL("alter table {} {}").format(table, sql.SQL(", ").join(actions)))


def require_values(connection: Connection, name: str, columns: Sequence[str]) -> None:
    """Let `columns`, at least one, be nullable no more."""
    actions = (sql.SQL("alter column {} set not null").format(sql.Identifier(one)) for one in columns)
    statement = sql.SQL("alter table {} {}").format(
        sql.Identifier(dataset.SCHEMA, name), sql.SQL(", ").join(actions)
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
            told = [exc.diag.message_primary, exc.diag.message_detail]
            raise Blocked("; ".join(one for one in told if one)) from None
