"""Advisory locks of loads, and the order in which loads of a dataset commit.

Locks of a transaction, not of a session: they work behind a connection pooler such as PgBouncer, and nothing
remains of them if a worker dies.
"""

from __future__ import annotations

import time
import uuid

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from shared.ledger.tables import datasets
from shared.storage.blob_version import BlobVersion

_POLL_SECONDS = 0.2


ACQUIRE_CONTENT = "select pg_advisory_xact_lock(hashtextextended(:dataset || ' ' || :sha256, 0))"
"""Waits until no other transaction that loads the same bytes into the same dataset holds the lock."""

_TRY = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_SHARED = text("select pg_advisory_xact_lock_shared(hashtextextended(:dataset, 0))")
_EXCLUSIVE = text("select pg_advisory_xact_lock(hashtextextended(:dataset, 0))")
_TRY_ALL = text("""
    select case when not pg_try_advisory_xact_lock(hashtextextended(:ingestion, 0)) then false
                when not pg_try_advisory_xact_lock(hashtextextended(:path, 0)) then false
                else pg_try_advisory_xact_lock_shared(hashtextextended(:dataset, 0)) end""")


def try_acquire_all(connection: Connection, version: BlobVersion, dataset: str) -> bool:
    """Take the locks of the version, its path and (shared) its dataset in one round trip, without waiting.

    `False` if another transaction holds one of them. Some may be taken then; taking a lock again is harmless.
    """
    names = {
        "ingestion": str(version.ingestion_id),
        "path": _path_lock_name(version),
        "dataset": _dataset_lock_name(dataset),
    }
    return bool(connection.scalar(_TRY_ALL, names))


def acquire_version(connection: Connection, ingestion_id: uuid.UUID, wait_seconds: float) -> bool:
    """Take the lock of one blob version or archive member; `False` if it is not free after the wait."""
    return _acquire(connection, str(ingestion_id), wait_seconds)


def acquire_path(connection: Connection, version: BlobVersion, wait_seconds: float) -> bool:
    """Take the lock of a blob's path, against other versions; `False` if it is not free after the wait.

    The load of an archive holds the lock of the blob's path, so its members have locks of their own.
    """
    return _acquire(connection, _path_lock_name(version), wait_seconds)


def _acquire(connection: Connection, name: str, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while not connection.scalar(_TRY, {"name": name}):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def acquire_dataset(connection: Connection, dataset: str, *, exclusive: bool) -> None:
    """Wait for the lock of the loads of `dataset`, shared with other loads or `exclusive`."""
    connection.execute(_EXCLUSIVE if exclusive else _SHARED, {"dataset": _dataset_lock_name(dataset)})


def _path_lock_name(version: BlobVersion) -> str:
    member = f"\n{version.member}" if version.member else ""
    return f"versions of {version.container}/{version.path}{member}"


def _dataset_lock_name(dataset: str) -> str:
    return f"loads of {dataset}"


def acquire_schema(connection: Connection, dataset: str) -> None:
    """Wait for the lock of changes to the columns or the key of `dataset`.

    Take it before the lock of `acquire_dataset`, which such changes need too.
    """
    connection.execute(_EXCLUSIVE, {"dataset": f"growth of {dataset}"})


def count_commits(connection: Connection, dataset: str) -> int:
    """The number of commits of loads that found existing rows, and of other changes to rows of `dataset`."""
    return connection.scalar(select(datasets.c.commits).where(datasets.c.name == dataset)) or 0


def next_commit_number(connection: Connection, dataset: str) -> int:
    """Wait for other loads of `dataset` that are about to commit; returns the number of this commit.

    Later callers wait until this transaction ends.
    """
    statement = insert(datasets).values(name=dataset, commits=1)
    number: int = connection.scalar(
        statement.on_conflict_do_update(
            index_elements=[datasets.c.name], set_={"commits": datasets.c.commits + 1}
        ).returning(datasets.c.commits)
    )
    return number
