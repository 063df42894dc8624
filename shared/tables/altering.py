"""Changes the tables of inferred datasets, each in one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg2 import sql
from sqlalchemy import Connection

from shared.inference import changes
from shared.inference.changes import Change
from shared.tables import dataset
from shared.tables.driving import cursor


def alter(connection: Connection, name: str, wanted: Sequence[Change], key: Collection[str]) -> None:
    """Make the `wanted` changes, at least one, of the columns of table `name` with this `key`."""
    with cursor(connection) as driver:
        driver.execute(changes.alter(sql.Identifier(dataset.SCHEMA, name), wanted, key))


def add_key(connection: Connection, name: str, key: Sequence[str], texts: Collection[str]) -> None:
    """Make the columns `key` the primary key; those of them that are `texts` get the order of their bytes."""
    actions = [
        *(sql.SQL('alter column {} type text collate "C"').format(sql.Identifier(one)) for one in texts),
        sql.SQL("add constraint {} primary key ({})").format(
            sql.Identifier(dataset.key_name(name)), sql.SQL(", ").join(map(sql.Identifier, key))
        ),
    ]
    statement = sql.SQL("alter table {} {}").format(
        sql.Identifier(dataset.SCHEMA, name), sql.SQL(", ").join(actions)
    )
    with cursor(connection) as driver:
        driver.execute(statement)


def require_values(connection: Connection, name: str, columns: Sequence[str]) -> None:
    """Let `columns`, at least one, be nullable no more."""
    actions = (sql.SQL("alter column {} set not null").format(sql.Identifier(one)) for one in columns)
    statement = sql.SQL("alter table {} {}").format(
        sql.Identifier(dataset.SCHEMA, name), sql.SQL(", ").join(actions)
    )
    with cursor(connection) as driver:
        driver.execute(statement)
