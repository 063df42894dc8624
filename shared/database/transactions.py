"""Short transactions with timeouts for HTTP functions, and composed SQL: names, lists, timeouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection, Engine, Table

from shared import driver_errors


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


TIMEOUT_SECONDS = 8
"""Limit of a statement. Long enough for a cold cache; a waiting caller occupies one of the few threads of its
process."""

_LOCK_TIMEOUT_SECONDS = TIMEOUT_SECONDS / 2

_QUERY_SETTINGS = sql.SQL(
    f"{timeouts(lock=_LOCK_TIMEOUT_SECONDS, statement=TIMEOUT_SECONDS)}; set local jit = off; "
)
"""Without JIT: the planner would use it on large tables, but compiling takes longer than these queries do."""


@contextmanager
def short_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction in which each statement and each wait for a lock has a timeout.

    Raises `Unavailable`.
    """
    with driver_errors.translate_errors(), engine.begin() as connection:
        set_timeouts(connection, lock=_LOCK_TIMEOUT_SECONDS, statement=TIMEOUT_SECONDS)
        yield connection


def run_query(engine: Engine, query: sql.Composable) -> list[tuple[Any, ...]]:
    """The rows of one query, which is a transaction of its own and one round trip.

    Postgres runs the statements of one string in one transaction. Separate statements to begin it, to set the
    timeouts and to end it would take longer than most queries. Raises `Unavailable`.
    """
    with driver_errors.translate_errors(), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = connection.connection
        with driver.cursor() as cursor:
            cursor.execute(_QUERY_SETTINGS + query)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


def cursor(connection: Connection) -> psycopg2.extensions.cursor:
    """A psycopg2 cursor in the transaction of `connection`."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg2.extensions.connection)  # noqa: S101 - `Resources.engine` uses psycopg2
    return driver.cursor()
