"""Short transactions with timeouts for HTTP functions, and the driver's cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
from psycopg2 import sql
from sqlalchemy import Connection, Engine, text

from shared import driver_errors

TIMEOUT_SECONDS = 8
"""Long enough for a cold cache; a waiting caller holds one of the few threads of its process."""

_PATIENCE = (
    f"set local statement_timeout = '{TIMEOUT_SECONDS}s'; set local lock_timeout = '{TIMEOUT_SECONDS // 2}s'"
)
_BEFORE = sql.SQL(f"{_PATIENCE}; set local jit = off; ")
"""Compiling takes longer than what HTTP functions ask for, whatever the planner thinks of a large table."""


@contextmanager
def short_transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction in which each statement, and each wait for a lock, ends after some seconds.

    Raises `Unavailable`.
    """
    with driver_errors.translate_errors(), engine.begin() as connection:
        connection.execute(text(_PATIENCE))
        yield connection


def run_query(engine: Engine, query: sql.Composable) -> list[tuple[Any, ...]]:
    """The rows of one query, which is a transaction of its own, in one round trip.

    Postgres runs statements that come in one string in one transaction. Beginning it, setting the limits and
    ending it one by one takes longer than most queries do. Raises `Unavailable`.
    """
    with driver_errors.translate_errors(), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = connection.connection
        with driver.cursor() as cursor:
            cursor.execute(_BEFORE + query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


def cursor(connection: Connection) -> psycopg2.extensions.cursor:
    """A psycopg2 cursor in the transaction of `connection`."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg2.extensions.connection)  # noqa: S101 - resources made it so
    return driver.cursor()
