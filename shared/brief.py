"""Connections for HTTP functions, which must not wait for a lock or a slow statement as a load may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from shared import faults

_SECONDS = 8
"""Long enough for a cold cache; a waiting caller holds one of the few threads of its process."""


@contextmanager
def connect(engine: Engine) -> Iterator[Connection]:
    """A transaction in which each statement, and each wait for a lock, ends after some seconds.

    Raises `Unavailable`.
    """
    with faults.translated(), engine.begin() as connection:
        connection.execute(text(f"set local statement_timeout = '{_SECONDS}s'"))
        connection.execute(text(f"set local lock_timeout = '{_SECONDS // 2}s'"))
        yield connection
