"""State transitions of a ledger entry: claim, fail, replay, supersede.

One that is `loaded` stays so until the new load commits: its rows are there, and others go by that.
`replaying` says how far the new load is, and is what callers see.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loguru import logger
from sqlalchemy import (
    Boolean,
    Connection,
    Engine,
    RowMapping,
    Uuid,
    bindparam,
    column,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from shared import driver_errors
from shared.errors import IngestError
from shared.ledger import entries, locks
from shared.ledger.tables import State, ingestions
from shared.ledger.tables import ingestions as table
from shared.storage.blob_version import BlobVersion
from shared.storage.blobs import Upload

SUPERSEDE_OTHERS = """
    update ingest.ingestions set replaying = null,
        state = case when replaying is null then 'superseded' else state end,
        finished_at = case when replaying is null then clock_timestamp() else finished_at end,
        error = case when replaying is null then error else jsonb_build_object(
            'code', 'replay_failed',
            'detail', 'The replay came to nothing, since the blob was replaced or deleted first.') end
    where container = :container and path = :path and etag <> :etag
    and (state in ('received', 'loading') or replaying is not null)
    and pg_try_advisory_xact_lock(hashtextextended(id::text, 0))"""
"""Of all versions of a blob but that of `etag`, members too; for what `supersede_others` says.

What waits to be loaded again has the rows of before, and keeps them; its error says so."""
_SUPERSEDE_OTHERS = text(SUPERSEDE_OTHERS)
_FINISH_MEMBERS = text("""
    update ingest.ingestions set replaying = null, error = coalesce(cast(:error as jsonb), error),
        state = case when replaying is null then :state else state end,
        finished_at = case when replaying is null then clock_timestamp() else finished_at end
    where container = :container and path = :path and etag = :etag and member <> ''
    and (state in ('received', 'loading') or replaying is not null)
    and pg_try_advisory_xact_lock(hashtextextended(id::text, 0))""")


def supersede_others(connection: Connection, container: str, path: str, current: str) -> int:
    """Mark unfinished entries of a blob's other versions than that of the ETag `current` `superseded`.

    Those that are being loaded at this moment hold their lock and are left to find out by themselves.
    Returns how many they were; an empty `current` means that the blob is gone.
    """
    facts = {"container": container, "path": path, "etag": current.strip('"')}
    return connection.execute(_SUPERSEDE_OTHERS, facts).rowcount


def finish_members(
    connection: Connection, archive: BlobVersion, state: State, error: dict[str, Any] | None
) -> None:
    """Give the unfinished members of `archive` the `state` that it ends in, since it is not begun again."""
    facts = {"container": archive.container, "path": archive.path, "etag": archive.etag.strip('"')}
    text = None if error is None else json.dumps(error)
    connection.execute(_FINISH_MEMBERS, {**facts, "state": state, "error": text})


def pending_versions(connection: Connection, idle_since: datetime) -> list[tuple[str, str]]:
    """Path and ETag of versions that nobody has worked on since `idle_since`, oldest first."""
    touched = func.coalesce(ingestions.c.started_at, ingestions.c.received_at)
    found = connection.execute(
        select(ingestions.c.path, ingestions.c.etag)
        .where(
            or_(ingestions.c.state.in_([State.RECEIVED, State.LOADING]), ingestions.c.replaying.is_not(None)),
            touched < idle_since,
        )
        .group_by(ingestions.c.path, ingestions.c.etag)
        .order_by(func.min(touched))
    )
    return [(row.path, row.etag) for row in found]


def not_to_sweep(connection: Connection, ids: Collection[uuid.UUID], seen_before: datetime) -> set[uuid.UUID]:
    """Those of `ids` that a sweep leaves alone: finished for good, or active since `seen_before`."""
    statement = text("""
        select id from ingest.ingestions where id = any(:ids) and not (
            (state in ('received', 'loading') or replaying is not null)
            and coalesce(started_at, received_at) < :before
            or state = 'failed' and error @> '{"transient": true}' and finished_at < :before)
        """).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    return set(connection.scalars(statement, {"ids": list(ids), "before": seen_before}))


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry as its claim found it: `serial` marks the load's rows, the rest is of the tries before.

    `is_loaded`: it was loaded before, and is to be loaded again in place of the rows that it has.
    """

    serial: int
    state: State
    attempts: int
    error: dict[str, Any] | None
    is_loaded: bool


# A crash may forget that a load had begun, but nothing that it brought: that is another commit.
_NOT_DURABLE = "set local synchronous_commit = off"
# Rows of an entry stand as long as it says `loaded`, so one that is loaded again goes on to say so meanwhile.
_CLAIM = """
    with found as (
        select id, serial, coalesce(replaying, state) as state, attempts, error,
            state = 'loaded' and replaying is not null as is_loaded
        from ingest.ingestions where id = cast(:id as uuid) for update
    ), claimed as (
        update ingest.ingestions as entry
        set state = case when is_loaded then entry.state else 'loading' end,
            replaying = case when is_loaded then 'loading' end,
            attempts = found.attempts + 1, started_at = clock_timestamp(),
            finished_at = case when is_loaded then entry.finished_at end,
            rows_read = case when is_loaded then entry.rows_read end, bytes_read = null, error = null
        from found where entry.id = found.id and found.state <> all (cast(:settled as text[]))
    )
    select serial, state, attempts, error, is_loaded from found"""
# One round trip for all of it: for a small file, each costs as much as its rows.
_STATEMENTS = text("; ".join([_NOT_DURABLE, entries.INSERT_RECEIVED, SUPERSEDE_OTHERS, _CLAIM])).columns(
    table.c.serial, table.c.state, table.c.attempts, table.c.error, column("is_loaded", Boolean)
)


def claim(connection: Connection, upload: Upload, dataset: str, settled: Collection[State]) -> Claim:
    """Mark the entry of `upload` as `loading` and count the attempt, unless its state is one of `settled`.

    It is entered if it is new, and unfinished entries of other versions of the blob become `superseded`. To
    be called by the holder of the ingestion's lock: an entry that is `loading` already is then one whose
    worker died, and is taken over.
    """
    facts = {**entries.received_values(upload, dataset), "settled": list(settled)}
    found = connection.execute(_STATEMENTS, facts).one()
    return Claim(found.serial, State(found.state), found.attempts, found.error, found.is_loaded)


_REQUEST = text("""
    update ingest.ingestions set attempts = 0, error = null,
        state = case when state = 'loaded' then state else 'received' end,
        replaying = case when state = 'loaded' then 'received' end,
        duplicate_of = null, undone = null, finished_at = case when state = 'loaded' then finished_at end
    where id = :id returning state""")
_FORGET = text("""
    update ingest.ingestions set rows_read = null, rows_inserted = null, rows_updated = null,
        rows_unchanged = null, rows_duplicate = null, rows_rejected = null
    where id = :id""")


def visible_state(entry: Mapping[Any, Any]) -> State:
    """The state that callers see: of the new load, if one is under way."""
    return State(entry["replaying"] or entry["state"])


def mark_for_replay(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Let the next delivery of the version load it; to be called by the holder of its lock."""
    if connection.scalar(_REQUEST, {"id": ingestion_id}) != State.LOADED:
        connection.execute(_FORGET, {"id": ingestion_id})


def finish_without_rows(
    connection: Connection, entry: RowMapping, state: State, error: Mapping[str, Any] | None
) -> None:
    """Write the final `state` of a load that brought nothing.

    Of a replay what was loaded before stands, and the error says so.
    """
    if entry["replaying"] is None:
        entries.finish(connection, entry["id"], state, error=error)
        return
    reason = f": {error['detail']}" if error else ", since the blob was replaced or deleted first."
    detail = f"The replay came to nothing, and what was loaded before stands{reason}"
    statement = update(ingestions).where(ingestions.c.id == entry["id"])
    connection.execute(
        statement.values(replaying=None, error={**(error or {}), "code": "replay_failed", "detail": detail})
    )


def record_final_failure(
    engine: Engine, version: BlobVersion, state: State, error: dict[str, Any] | None
) -> None:
    """Record that it was the last one: `version` ends in `state`, with members that were not finished."""
    with driver_errors.translate_errors(), engine.begin() as short:
        if entry := _find_ours(short, version.ingestion_id):
            finish_without_rows(short, entry, state, error)
            finish_members(short, version, state, error)
    why = error["detail"] if error else "replaced"
    logger.bind(ingestion=version.ingestion_id).warning("{}: {}", state, why)


def record_failure(engine: Engine, version: BlobVersion, error: dict[str, Any]) -> None:
    """Note why, for whoever tries again. Best effort: where Postgres is away there is nowhere to note it."""
    with suppress(IngestError), driver_errors.translate_errors(), engine.begin() as short:
        if _find_ours(short, version.ingestion_id):
            entries.record_failed_attempt(short, version.ingestion_id, error)


def _find_ours(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """The entry, unless somebody took it over or finished it since our lock ended with our transaction."""
    if not locks.acquire_version(connection, ingestion_id, wait_seconds=0):
        return None
    entry = entries.find_entry(connection, ingestion_id)
    return entry if entry is not None and visible_state(entry) is State.LOADING else None
