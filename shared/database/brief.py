"""Connections for HTTP functions, which must not wait for a lock or a slow statement as a load may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Engine, text

from shared import faults

SECONDS = 8
"""Long enough for a cold cache; a waiting caller holds one of the few threads of its process."""

_PATIENCE = f"set local statement_timeout = '{SECONDS}s'; set local lock_timeout = '{SECONDS // 2}s'"
_BEFORE = sql.SQL(f"{_PATIENCE}; set local jit = off; ")
"""Compiling takes longer than what HTTP functions ask for, whatever the planner thinks of a large table."""


@contextmanager
def connect(engine: Engine) -> Iterator[Connection]:
    """A transaction in which each statement, and each wait for a lock, ends after some seconds.

    Raises `Unavailable`.
    """
    with faults.translated(), engine.begin() as connection:
        connection.execute(text(_PATIENCE))
        yield connection


def ask(engine: Engine, query: sql.Composable) -> list[tuple[Any, ...]]:
    """The rows of one query, which is a transaction of its own, in one round trip.

    Postgres runs statements that come in one string in one transaction. Beginning it, setting the limits and
    ending it one by one takes longer than most queries do. Raises `Unavailable`.
    """
    with faults.translated(), engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = connection.connection
        with driver.cursor() as cursor:
            cursor.execute(_BEFORE + query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
