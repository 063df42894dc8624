"""Entries of the ledger: received, finished, found; archive members and progress."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Update,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    update,
)

from shared import driver_errors
from shared.errors import IngestError, NotFound
from shared.formats.overrides import Overrides
from shared.ledger.tables import Counts, State, ingestions
from shared.storage import upload_options
from shared.storage.blob_version import BlobVersion
from shared.storage.blobs import Upload

INSERT_RECEIVED = """
    insert into ingest.ingestions (
        id, container, path, etag, member, dataset, filename, size, corrects, state, attempts)
    values (
        cast(:id as uuid), :container, :path, :etag, :member, :dataset, :filename, :size,
        cast(:corrects as uuid), 'received', 0)
    on conflict do nothing"""
"""Takes `facts_of` a version that was seen; nothing happens where it has an entry already."""


# Made once: building a statement takes SQLAlchemy longer than Postgres needs to run it.
_RECEIVE = text(INSERT_RECEIVED)


_FINISH = (
    update(ingestions)
    .where(ingestions.c.id == bindparam("entry"))
    .values(finished_at=func.clock_timestamp(), replaying=None, replaced_by=None)
)


def received_values(upload: Upload, dataset: str) -> dict[str, Any]:
    """What `RECEIVE` takes."""
    version, corrects = upload.version, upload_options.corrected_ingestion(upload.metadata)
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


def insert_received(connection: Connection, upload: Upload, dataset: str) -> None:
    """Enter a version that was seen; nothing happens where it has an entry already."""
    connection.execute(_RECEIVE, received_values(upload, dataset))


def finish(connection: Connection, ingestion_id: uuid.UUID, state: State, **facts: Any) -> None:
    """Write the final `state` with whatever `facts` (columns of the ledger) are known.

    What it is now was replaced by nobody, though what it was before a replay may have been.
    """
    connection.execute(_FINISH, {"entry": ingestion_id, "state": state, **facts})


def count_columns(counts: Counts | None) -> dict[str, int | None]:
    """`counts` as columns of the ledger."""
    return {f"rows_{name}": None if counts is None else getattr(counts, name) for name in Counts.__slots__}


def record_failed_attempt(connection: Connection, ingestion_id: uuid.UUID, error: dict[str, Any]) -> None:
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


def find_entry(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """One whole entry, or `None`."""
    return connection.execute(select(ingestions).where(ingestions.c.id == ingestion_id)).mappings().first()


def get_entry(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping:
    """The entry with this id; raises `NotFound`."""
    entry = find_entry(connection, ingestion_id)
    if entry is None:
        raise NotFound(f"There is no ingestion {ingestion_id}.")
    return entry


def record_progress(connection: Connection, ingestion_id: uuid.UUID, rows: int, size: int) -> None:
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


_COUNTED = tuple(count_columns(Counts()))


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """What the ledger knows of one member."""

    id: uuid.UUID
    member: str
    state: State
    counts: Counts
    """Zero for what is not known."""
    duplicate_of: uuid.UUID | None
    error: dict[str, Any] | None


def archive_members(connection: Connection, archive: BlobVersion) -> list[MemberEntry]:
    """Those that `archive` has so far, in the order in which they were begun."""
    table = ingestions.c
    query = (
        select(table.id, table.member, _MEMBER_STATE, table.duplicate_of, table.error, *_COLUMNS)
        .where(
            table.container == archive.container,
            table.path == archive.path,
            table.etag == archive.etag.strip('"'),
            table.member != "",
        )
        .order_by(table.serial)
    )
    return [_member_entry(row) for row in connection.execute(query)]


def members_of_entry(connection: Connection, entry: RowMapping) -> list[MemberEntry]:
    """Those of the archive that `entry` is of; none where it is of a file."""
    if entry["member"]:
        return []
    return archive_members(connection, BlobVersion(entry["container"], entry["path"], entry["etag"]))


_MEMBER_STATE = func.coalesce(ingestions.c.replaying, ingestions.c.state)
"""One that is loaded again is not settled, although its rows of before are there."""

_COLUMNS = [ingestions.c[name] for name in _COUNTED]


def _member_entry(row: Any) -> MemberEntry:
    id_, member, state, duplicate_of, error, *counted = row
    counts = Counts(*(number or 0 for number in counted))
    return MemberEntry(id_, member, State(state), counts, duplicate_of, error)


def total_counts(entries: Sequence[MemberEntry]) -> Counts:
    """The rows of those that were loaded, all together; of others none is in the table by them."""
    loaded = [entry.counts for entry in entries if entry.state is State.LOADED]
    sums = {name: sum(getattr(counts, name) for counts in loaded) for name in Counts.__slots__}
    counts = Counts(**sums)
    counts.check_row_counts()
    return counts


_EVERY_SECONDS = 1.0

_NEVER_WAIT = text("set local lock_timeout = '100ms'")


class Progress:
    """Writes rows and bytes to the ledger, through a connection of its own, at most once a second."""

    def __init__(self, engine: Engine, ingestion_id: uuid.UUID) -> None:
        self._engine = engine
        self._ingestion_id = ingestion_id
        self._written = time.monotonic()

    def __call__(self, rows: int, size: int) -> None:
        """Note `rows` and bytes read so far. A note that cannot be written is no reason to stop the load."""
        if time.monotonic() - self._written < _EVERY_SECONDS:
            return
        with suppress(IngestError), driver_errors.translate_errors(), self._engine.begin() as short:
            short.execute(_NEVER_WAIT)  # somebody may have locked the entry, and would then hold the load too
            record_progress(short, self._ingestion_id, rows, size)
        self._written = time.monotonic()


_CONVENTIONS = ("decimal", "thousands", "currency")


def number_options_of_corrected(connection: Connection, metadata: Mapping[str, str]) -> Overrides:
    """What was told of numbers about the file whose rejects a blob with these `metadata` corrects."""
    corrects = upload_options.corrected_ingestion(metadata)
    entry = find_entry(connection, corrects) if corrects else None
    found = entry["format"] if entry else None
    if not found:
        return Overrides()
    return Overrides(**{name: found[name] for name in _CONVENTIONS if name in found.get("told", ())})
