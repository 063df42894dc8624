"""Short transactions with timeouts for HTTP functions, and the driver's cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection, Engine

from shared import driver_errors
from shared.database.sql_fragments import set_timeouts, timeouts

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
