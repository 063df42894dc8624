"""SQL fragments that several queries need: quoted names, lists and timeouts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Table


def quoted_identifier(table: Table) -> sql.Identifier:
    """The table's quoted name, with its schema if it has one."""
    return sql.Identifier(table.schema, table.name) if table.schema else sql.Identifier(table.name)


def column_list(names: Iterable[str]) -> sql.Composed:
    """Quoted names, separated by commas."""
    return comma_separated(map(sql.Identifier, names))


def literal_list(values: Iterable[Any]) -> sql.Composed:
    """Values as literals, separated by commas."""
    return comma_separated(map(sql.Literal, values))


def comma_separated(fragments: Iterable[sql.Composable]) -> sql.Composed:
    """`fragments`, separated by commas."""
    return sql.SQL(", ").join(fragments)


def timeouts(*, lock: float, statement: float | None = None) -> str:
    """SQL that sets timeouts, in seconds, for the rest of a transaction: for each lock and each statement."""
    limits = [f"set local lock_timeout = '{round(lock * 1000)}ms'"]
    if statement is not None:
        limits.append(f"set local statement_timeout = '{round(statement * 1000)}ms'")
    return "; ".join(limits)


def set_timeouts(connection: Connection, *, lock: float, statement: float | None = None) -> None:
    """Run `timeouts` in the transaction of `connection`."""
    connection.exec_driver_sql(timeouts(lock=lock, statement=statement))
