"""The entries of the ledger: received, claimed, finished, looked up. Each function takes a `Connection`."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Update, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.identity import BlobVersion
from shared.ledger.counts import Counts
from shared.ledger.state import State
from shared.storage.uploads import Upload
from shared.tables.ingest import ingestions


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry as its claim found it: `serial` marks the load's rows, the rest is of the tries before."""

    serial: int
    state: State
    attempts: int
    error: dict[str, Any] | None


def receive(connection: Connection, upload: Upload, dataset: str) -> None:
    """Enter a version that was seen; nothing happens where it has an entry already."""
    version = upload.version
    connection.execute(
        insert(ingestions)
        .values(
            id=version.ingestion_id,
            container=version.container,
            path=version.path,
            etag=version.etag.strip('"'),
            dataset=dataset,
            filename=upload.filename,
            size=upload.size,
            state=State.RECEIVED,
            attempts=0,
        )
        .on_conflict_do_nothing()
    )


def claim(connection: Connection, version: BlobVersion, settled: Collection[State]) -> Claim:
    """Mark an entry as `loading` and count the attempt, unless its state is one of `settled`.

    To be called by the holder of the ingestion's lock: an entry that is `loading` already is then one whose
    worker died, and is taken over.
    """
    found = connection.execute(
        select(ingestions.c.serial, ingestions.c.state, ingestions.c.attempts, ingestions.c.error)
        .where(ingestions.c.id == version.ingestion_id)
        .with_for_update()
    ).one()
    before = Claim(found.serial, State(found.state), found.attempts, found.error)
    if before.state not in settled:
        connection.execute(
            _entry(version.ingestion_id).values(
                state=State.LOADING,
                attempts=before.attempts + 1,
                started_at=func.clock_timestamp(),
                finished_at=None,
                rows_read=None,
                bytes_read=None,
                error=None,
            )
        )
    return before


def finish(connection: Connection, ingestion_id: uuid.UUID, state: State, **facts: Any) -> None:
    """Write the final `state` with whatever `facts` (columns of the ledger) are known."""
    connection.execute(_entry(ingestion_id).values(state=state, finished_at=func.clock_timestamp(), **facts))


def count_columns(counts: Counts) -> dict[str, int]:
    """`counts` as columns of the ledger."""
    return {
        "rows_read": counts.read,
        "rows_inserted": counts.inserted,
        "rows_updated": counts.updated,
        "rows_unchanged": counts.unchanged,
        "rows_duplicate": counts.duplicate,
        "rows_rejected": counts.rejected,
    }


def note_failure(connection: Connection, ingestion_id: uuid.UUID, error: dict[str, Any]) -> None:
    """After a try that failed by our fault: back to `received`, with the reason for whoever gives up."""
    connection.execute(
        _entry(ingestion_id)
        .where(ingestions.c.state == State.LOADING)
        .values(state=State.RECEIVED, error=error)
    )


def find(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """One whole entry, or `None`."""
    return connection.execute(select(ingestions).where(ingestions.c.id == ingestion_id)).mappings().first()


def find_loaded_twin(connection: Connection, dataset: str, sha256: str, size: int) -> uuid.UUID | None:
    """The ingestion that loaded the same bytes into `dataset`, if any, unless its rows were replaced."""
    twin: uuid.UUID | None = connection.scalar(
        select(ingestions.c.id).where(
            ingestions.c.dataset == dataset,
            ingestions.c.sha256 == sha256,
            ingestions.c.size == size,
            ingestions.c.state == State.LOADED,
            ingestions.c.replaced_by.is_(None),
        )
    )
    return twin


def has_loaded_alike(connection: Connection, dataset: str, size: int, head_sha256: str) -> bool:
    """Whether a file of exactly `size` bytes with the same first megabyte was loaded into `dataset`."""
    alike = select(ingestions.c.id).where(
        ingestions.c.dataset == dataset,
        ingestions.c.size == size,
        ingestions.c.state == State.LOADED,
        or_(ingestions.c.head_sha256 == head_sha256, ingestions.c.head_sha256.is_(None)),
    )
    return connection.scalar(alike.limit(1)) is not None


def replace_earlier(connection: Connection, version: BlobVersion) -> list[int]:
    """Mark what was loaded of other versions of the blob as replaced by this one; returns its serials."""
    return list(
        connection.scalars(
            update(ingestions)
            .where(
                ingestions.c.container == version.container,
                ingestions.c.path == version.path,
                ingestions.c.id != version.ingestion_id,
                ingestions.c.state == State.LOADED,
                ingestions.c.replaced_by.is_(None),
            )
            .values(replaced_by=version.ingestion_id)
            .returning(ingestions.c.serial)
        )
    )


def progress(connection: Connection, ingestion_id: uuid.UUID, rows: int, size: int) -> None:
    """Note how far a load has come: `rows` and bytes read; they mean nothing once it has ended."""
    connection.execute(
        _entry(ingestion_id)
        .where(ingestions.c.state == State.LOADING)
        .values(rows_read=rows, bytes_read=size)
    )


def _entry(ingestion_id: uuid.UUID) -> Update:
    return update(ingestions).where(ingestions.c.id == ingestion_id)
