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
    deadline = time.monotonic() + wait_seconds
    statement = text("select pg_try_advisory_xact_lock(hashtextextended(:id, 0))")
    while not connection.scalar(statement, {"id": str(ingestion_id)}):
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


def acquire_commit(connection: Connection, dataset: str) -> None:
    """Wait until no other load of `dataset` is about to commit, and keep them waiting until we have."""
    statement = text("select pg_advisory_xact_lock(hashtextextended(:dataset, 0))")
    connection.execute(statement, {"dataset": f"commit in {dataset}"})
