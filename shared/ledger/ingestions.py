"""The entries of the ledger: received, finished, looked up. Each function takes a `Connection`."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, RowMapping, Update, bindparam, case, func, or_, select, text, update

from shared.ledger import locks
from shared.ledger.counts import Counts
from shared.ledger.ingest import ingestions
from shared.ledger.state import State
from shared.storage import told
from shared.storage.uploads import Upload

RECEIVE = """
    insert into ingest.ingestions (
        id, container, path, etag, member, dataset, filename, size, corrects, state, attempts)
    values (
        cast(:id as uuid), :container, :path, :etag, :member, :dataset, :filename, :size,
        cast(:corrects as uuid), 'received', 0)
    on conflict do nothing"""
"""Takes `facts_of` a version that was seen; nothing happens where it has an entry already."""

# Made once: building a statement takes SQLAlchemy longer than Postgres needs to run it.
_RECEIVE = text(RECEIVE)
_FINISH = (
    update(ingestions)
    .where(ingestions.c.id == bindparam("entry"))
    .values(finished_at=func.clock_timestamp(), replaying=None, replaced_by=None)
)
_FIND_TWIN = """
    select id from ingest.ingestions
    where dataset = :dataset and sha256 = :sha256 and size = :size and id <> cast(:own as uuid)
    and state = 'loaded' and replaced_by is null"""
_TWIN = text(_FIND_TWIN).columns(ingestions.c.id)
# Two statements, so that the second one sees what was committed while the first one waited.
_LAST_TWIN = text(f"{locks.ACQUIRE_CONTENT}; {_FIND_TWIN}").columns(ingestions.c.id)
_ALIKE = (
    select(ingestions.c.id)
    .where(
        ingestions.c.dataset == bindparam("dataset"),
        ingestions.c.id != bindparam("own"),
        ingestions.c.size == bindparam("size"),
        ingestions.c.state == State.LOADED,
        or_(ingestions.c.head_sha256 == bindparam("head_sha256"), ingestions.c.head_sha256.is_(None)),
    )
    .limit(1)
)


def facts_of(upload: Upload, dataset: str) -> dict[str, Any]:
    """What `RECEIVE` takes."""
    version, corrects = upload.version, told.corrected(upload.metadata)
    return {
        "id": str(version.ingestion_id),
        "container": version.container,
        "path": version.path,
        "etag": version.etag.strip('"'),
        "member": version.member,
        "dataset": dataset,
        "filename": upload.filename,
        "size": upload.size,
        "corrects": corrects and str(corrects),
    }


def receive(connection: Connection, upload: Upload, dataset: str) -> None:
    """Enter a version that was seen; nothing happens where it has an entry already."""
    connection.execute(_RECEIVE, facts_of(upload, dataset))


def finish(connection: Connection, ingestion_id: uuid.UUID, state: State, **facts: Any) -> None:
    """Write the final `state` with whatever `facts` (columns of the ledger) are known.

    What it is now was replaced by nobody, though what it was before a replay may have been.
    """
    connection.execute(_FINISH, {"entry": ingestion_id, "state": state, **facts})


def count_columns(counts: Counts | None) -> dict[str, int | None]:
    """`counts` as columns of the ledger."""
    return {f"rows_{name}": None if counts is None else getattr(counts, name) for name in Counts.__slots__}


def note_failure(connection: Connection, ingestion_id: uuid.UUID, error: dict[str, Any]) -> None:
    """After a try that failed by our fault: back to `received`, with the reason for whoever gives up."""
    is_replayed = ingestions.c.replaying.is_not(None)
    connection.execute(
        _entry(ingestion_id)
        .where(or_(ingestions.c.state == State.LOADING, ingestions.c.replaying == State.LOADING))
        .values(
            state=case((is_replayed, ingestions.c.state), else_=State.RECEIVED),
            replaying=case((is_replayed, State.RECEIVED)),
            error=error,
        )
    )


def find(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """One whole entry, or `None`."""
    return connection.execute(select(ingestions).where(ingestions.c.id == ingestion_id)).mappings().first()


def find_loaded_twin(
    connection: Connection, dataset: str, sha256: str, size: int, own: uuid.UUID
) -> uuid.UUID | None:
    """The ingestion that loaded the same bytes into `dataset`, if any, unless its rows were replaced.

    That is another one than `own`, which is loaded itself where it is a replay.
    """
    facts = {"dataset": dataset, "sha256": sha256, "size": size, "own": str(own)}
    twin: uuid.UUID | None = connection.scalar(_TWIN, facts)
    return twin


def find_last_twin(
    connection: Connection, dataset: str, sha256: str, size: int, own: uuid.UUID
) -> uuid.UUID | None:
    """As `find_loaded_twin`, after waiting until no other transaction is about to load the same bytes.

    From then on others wait for ours, so no twin can come between this and the commit.
    """
    facts = {"dataset": dataset, "sha256": sha256, "size": size, "own": str(own)}
    twin: uuid.UUID | None = connection.scalar(_LAST_TWIN, facts)
    return twin


def has_loaded_alike(
    connection: Connection, dataset: str, size: int, head_sha256: str, own: uuid.UUID
) -> bool:
    """Whether a file of exactly `size` bytes with the same first megabyte was loaded into `dataset`."""
    facts = {"dataset": dataset, "size": size, "head_sha256": head_sha256, "own": own}
    return connection.scalar(_ALIKE, facts) is not None


def progress(connection: Connection, ingestion_id: uuid.UUID, rows: int, size: int) -> None:
    """Note how far a load has come: `rows` and bytes read; they mean nothing once it has ended.

    Of one that is loaded again the rows of before count until then.
    """
    is_replayed = ingestions.c.replaying == State.LOADING
    connection.execute(
        _entry(ingestion_id)
        .where(or_(ingestions.c.state == State.LOADING, is_replayed))
        .values(rows_read=case((is_replayed, ingestions.c.rows_read), else_=rows), bytes_read=size)
    )


def _entry(ingestion_id: uuid.UUID) -> Update:
    return update(ingestions).where(ingestions.c.id == ingestion_id)
