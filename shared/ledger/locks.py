"""Advisory locks of a load, and the commit order of a dataset."""

from __future__ import annotations

import time
import uuid

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from shared.ledger.tables import datasets
from shared.storage.blob_version import BlobVersion

_POLL_SECONDS = 0.2


ACQUIRE_CONTENT = "select pg_advisory_xact_lock(hashtextextended(:dataset || ' ' || :sha256, 0))"
"""Waits until no other transaction is about to load the same bytes into the same dataset."""

_TRY = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_SHARED = text("select pg_advisory_xact_lock_shared(hashtextextended(:dataset, 0))")
_EXCLUSIVE = text("select pg_advisory_xact_lock(hashtextextended(:dataset, 0))")
_AT_ONCE = text("""
    select case when not pg_try_advisory_xact_lock(hashtextextended(:ingestion, 0)) then false
                when not pg_try_advisory_xact_lock(hashtextextended(:path, 0)) then false
                else pg_try_advisory_xact_lock_shared(hashtextextended(:dataset, 0)) end""")


def try_acquire_all(connection: Connection, version: BlobVersion, dataset: str) -> bool:
    """Take the locks of `acquire`, `acquire_path` and `acquire_dataset`, if none has to be waited for.

    That is how it nearly always is, and one round trip instead of three. `False` may leave some of them
    taken; taking one again does no harm.
    """
    names = {
        "ingestion": str(version.ingestion_id),
        "path": _name_of_path(version),
        "dataset": _name_of_dataset(dataset),
    }
    return bool(connection.scalar(_AT_ONCE, names))


def acquire_version(connection: Connection, ingestion_id: uuid.UUID, wait_seconds: float) -> bool:
    """Take the lock for the transaction of `connection`; `False` where another still holds it after the wait.

    A transaction's advisory lock, not a session's: it survives behind a connection pooler such as PgBouncer,
    and a worker that dies leaves nothing to clean up.
    """
    return _acquire(connection, str(ingestion_id), wait_seconds)


def acquire_path(connection: Connection, version: BlobVersion, wait_seconds: float) -> bool:
    """Keep other versions of the blob from being loaded at the same time; `False` where one still is.

    Whoever loads an archive holds this of the blob meanwhile, so its members have locks of their own.
    """
    return _acquire(connection, _name_of_path(version), wait_seconds)


def _acquire(connection: Connection, name: str, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while not connection.scalar(_TRY, {"name": name}):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def acquire_dataset(connection: Connection, dataset: str, *, exclusive: bool) -> None:
    """Take part in the loads of `dataset`; `alone`: wait until no other takes part, and keep them out."""
    connection.execute(_EXCLUSIVE if exclusive else _SHARED, {"dataset": _name_of_dataset(dataset)})


def _name_of_path(version: BlobVersion) -> str:
    member = f"\n{version.member}" if version.member else ""
    return f"versions of {version.container}/{version.path}{member}"


def _name_of_dataset(dataset: str) -> str:
    return f"loads of {dataset}"


def acquire_schema(connection: Connection, dataset: str) -> None:
    """Wait until no other transaction changes the columns or the key of `dataset`, and keep them out.

    Taken before the lock of `acquire_dataset`, which the changes of the table need too.
    """
    connection.execute(_EXCLUSIVE, {"dataset": f"growth of {dataset}"})


def count_commits(connection: Connection, dataset: str) -> int:
    """How many there were."""
    return connection.scalar(select(datasets.c.commits).where(datasets.c.name == dataset)) or 0


def next_commit_number(connection: Connection, dataset: str) -> int:
    """Wait until no other load is about to commit, keep them waiting; returns which commit ours will be."""
    statement = insert(datasets).values(name=dataset, commits=1)
    turn: int = connection.scalar(
        statement.on_conflict_do_update(
            index_elements=[datasets.c.name], set_={"commits": datasets.c.commits + 1}
        ).returning(datasets.c.commits)
    )
    return turn
