"""Locks that one load holds at a time; Postgres frees them when its transaction ends or its worker dies."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import Connection, text

_POLL_SECONDS = 0.2


def acquire(connection: Connection, ingestion_id: uuid.UUID, wait_seconds: float) -> bool:
    """Take the lock for the transaction of `connection`; `False` where another still holds it after the wait.

    A transaction's advisory lock, not a session's: it survives behind a connection pooler such as PgBouncer,
    and a worker that dies leaves nothing to clean up.
    """
    return _acquire(connection, str(ingestion_id), wait_seconds)


def acquire_path(connection: Connection, container: str, path: str, wait_seconds: float) -> bool:
    """Keep other versions of a blob from being loaded at the same time; `False` where one still is."""
    return _acquire(connection, f"versions of {container}/{path}", wait_seconds)


def _acquire(connection: Connection, name: str, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    statement = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    while not connection.scalar(statement, {"name": name}):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def acquire_content(connection: Connection, dataset: str, sha256: str) -> None:
    """Wait until no other transaction is about to load the same bytes into `dataset`."""
    statement = text("select pg_advisory_xact_lock(hashtextextended(:content, 0))")
    connection.execute(statement, {"content": f"{dataset} {sha256}"})


def acquire_dataset(connection: Connection, dataset: str, *, alone: bool) -> None:
    """Take part in the loads of `dataset`; `alone`: wait until no other takes part, and keep them out."""
    shared = "" if alone else "_shared"
    statement = text(f"select pg_advisory_xact_lock{shared}(hashtextextended(:dataset, 0))")
    connection.execute(statement, {"dataset": f"loads of {dataset}"})
