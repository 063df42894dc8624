"""Reads and writes ledger entries: received, progress, finished; members of an archive."""

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
from shared.database.transactions import set_timeouts
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
"""Takes `received_values`; does nothing if the version has an entry already."""

# Built once: SQLAlchemy takes longer to build a statement than Postgres to run it.
_INSERT_RECEIVED = text(INSERT_RECEIVED)
_FINISH = (
    update(ingestions)
    .where(ingestions.c.id == bindparam("entry"))
    .values(finished_at=func.clock_timestamp(), replaying=None, replaced_by=None)
)


def received_values(upload: Upload, dataset: str) -> dict[str, Any]:
    """The parameters of `INSERT_RECEIVED`."""
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
    """Insert an entry for `upload` in state `received`, unless its version has one already."""
    connection.execute(_INSERT_RECEIVED, received_values(upload, dataset))


def finish(connection: Connection, ingestion_id: uuid.UUID, state: State, **facts: Any) -> None:
    """Write the final `state`, and `facts` by column of the ledger.

    Clears `replaced_by`: rows from before a replay may have been replaced, the rows of now are not.
    """
    connection.execute(_FINISH, {"entry": ingestion_id, "state": state, **facts})


def count_columns(counts: Counts | None) -> dict[str, int | None]:
    """`counts` by column of the ledger."""
    return {f"rows_{name}": None if counts is None else getattr(counts, name) for name in Counts.__slots__}


def record_failed_attempt(connection: Connection, ingestion_id: uuid.UUID, error: dict[str, Any]) -> None:
    """Set the entry back to `received` after an attempt that failed, with the `error` that caused it."""
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
    """The entry, or `None`."""
    return connection.execute(select(ingestions).where(ingestions.c.id == ingestion_id)).mappings().first()


def get_entry(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping:
    """The entry with this id; raises `NotFound`."""
    entry = find_entry(connection, ingestion_id)
    if entry is None:
        raise NotFound(f"There is no ingestion {ingestion_id}.")
    return entry


def record_progress(connection: Connection, ingestion_id: uuid.UUID, rows: int, size: int) -> None:
    """Write how many rows and bytes a load has read so far.

    For a replay, `rows_read` remains that of the earlier load until the new one ends.
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
    """The ledger entry of one archive member."""

    id: uuid.UUID
    member: str
    state: State
    counts: Counts
    """Zero for what is not known."""
    duplicate_of: uuid.UUID | None
    error: dict[str, Any] | None


def archive_members(connection: Connection, archive: BlobVersion) -> list[MemberEntry]:
    """The members of `archive` that have entries so far, in the order of their first attempts."""
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
    """The members of the archive that `entry` is about; none if it is about a file."""
    if entry["member"]:
        return []
    return archive_members(connection, BlobVersion(entry["container"], entry["path"], entry["etag"]))


_MEMBER_STATE = func.coalesce(ingestions.c.replaying, ingestions.c.state)
"""The state of the replay, if there is one: the member is not finished, although its earlier rows exist."""

_COLUMNS = [ingestions.c[name] for name in _COUNTED]


def _member_entry(row: Any) -> MemberEntry:
    id_, member, state, duplicate_of, error, *counted = row
    counts = Counts(*(number or 0 for number in counted))
    return MemberEntry(id_, member, State(state), counts, duplicate_of, error)


def total_counts(entries: Sequence[MemberEntry]) -> Counts:
    """The counts of all members that are `loaded`; the others have no rows in the table."""
    loaded = [entry.counts for entry in entries if entry.state is State.LOADED]
    sums = {name: sum(getattr(counts, name) for counts in loaded) for name in Counts.__slots__}
    counts = Counts(**sums)
    counts.check_row_counts()
    return counts


_INTERVAL_SECONDS = 1.0

_LOCK_TIMEOUT_SECONDS = 0.1
"""Short: while the progress waits for a lock on the entry, the load waits for the progress."""


class Progress:
    """Writes the rows and bytes read to the ledger at most once a second, with a connection of its own."""

    def __init__(self, engine: Engine, ingestion_id: uuid.UUID) -> None:
        self._engine = engine
        self._ingestion_id = ingestion_id
        self._written = time.monotonic()

    def __call__(self, rows: int, size: int) -> None:
        """Write `rows` and bytes read so far. An error is ignored: the load goes on without it."""
        if time.monotonic() - self._written < _INTERVAL_SECONDS:
            return
        with suppress(IngestError), driver_errors.translate_errors(), self._engine.begin() as short:
            set_timeouts(short, lock=_LOCK_TIMEOUT_SECONDS)
            record_progress(short, self._ingestion_id, rows, size)
        self._written = time.monotonic()


_NUMBER_OPTIONS = ("decimal", "thousands", "currency")


def number_options_of_corrected(connection: Connection, metadata: Mapping[str, str]) -> Overrides:
    """The number options that were sent with the file whose rejects a blob with these `metadata` corrects."""
    corrects = upload_options.corrected_ingestion(metadata)
    entry = find_entry(connection, corrects) if corrects else None
    format_ = entry["format"] if entry else None
    if not format_:
        return Overrides()
    return Overrides(**{name: format_[name] for name in _NUMBER_OPTIONS if name in format_.get("told", ())})
