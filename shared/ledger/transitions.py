"""State transitions of ledger entries: claim, fail, supersede, replay.

    received -> loading                `claim`, at the start of each attempt
    loading -> received                `record_failure`, after an attempt that another one may follow
    loading -> loaded, refused, duplicate    `entries.finish`, in the transaction of the rows
    loading -> failed, superseded      `record_final_failure`
    received, loading -> superseded    `supersede_others`: the blob has another version or was deleted
    duplicate -> loaded                `versions.promote`: the load that it is a duplicate of is removed
    loaded -> undone                   `datasets.reassign_rows.remove_load_rows`
    any final state -> received        `mark_for_replay`, unless it is `loaded`

A `loaded` entry that is replayed keeps its state until the new load commits, since its rows are still in the
table. Meanwhile `replaying` has the state of the new load, and callers see this state (`visible_state`).
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
from shared.error_codes import FAILURES
from shared.errors import IngestError
from shared.ledger import entries, locks
from shared.ledger.tables import State, ingestions
from shared.storage.blob_version import BlobVersion
from shared.storage.blobs import Upload

_REPLAY_FAILED = FAILURES["replay_failed"].message + " Reason: "
_BLOB_CHANGED = "the blob was replaced or deleted."
_SUPERSEDE_OTHERS_SQL = f"""
    update ingest.ingestions set replaying = null,
        state = case when replaying is null then 'superseded' else state end,
        finished_at = case when replaying is null then clock_timestamp() else finished_at end,
        error = case when replaying is null then error else jsonb_build_object(
            'code', 'replay_failed',
            'detail', '{_REPLAY_FAILED}{_BLOB_CHANGED}') end
    where container = :container and path = :path and etag <> :etag
    and (state in ('received', 'loading') or replaying is not null)
    and pg_try_advisory_xact_lock(hashtextextended(id::text, 0))"""  # noqa: S608
"""Ends unfinished entries of all versions of a blob except that of `etag`, members included.

An entry that waits for a replay keeps its rows and its state; its error says that the replay failed."""
_SUPERSEDE_OTHERS = text(_SUPERSEDE_OTHERS_SQL)
_FINISH_MEMBERS = text("""
    update ingest.ingestions set replaying = null, error = coalesce(cast(:error as jsonb), error),
        state = case when replaying is null then :state else state end,
        finished_at = case when replaying is null then clock_timestamp() else finished_at end
    where container = :container and path = :path and etag = :etag and member <> ''
    and (state in ('received', 'loading') or replaying is not null)
    and pg_try_advisory_xact_lock(hashtextextended(id::text, 0))""")
# A crash of the server may lose the claim, but not the rows: they are another commit.
_NOT_DURABLE = "set local synchronous_commit = off"
# An entry whose rows are in the table must be `loaded`, so a replayed one remains `loaded` for now.
_CLAIM = """
    with entry_before as (
        select id, serial, coalesce(replaying, state) as state, attempts, error,
            state = 'loaded' and replaying is not null as is_loaded
        from ingest.ingestions where id = cast(:id as uuid) for update
    ), claimed as (
        update ingest.ingestions as entry
        set state = case when is_loaded then entry.state else 'loading' end,
            replaying = case when is_loaded then 'loading' end,
            attempts = entry_before.attempts + 1, started_at = clock_timestamp(),
            finished_at = case when is_loaded then entry.finished_at end,
            rows_read = case when is_loaded then entry.rows_read end, bytes_read = null, error = null
        from entry_before
        where entry.id = entry_before.id and entry_before.state <> all (cast(:final_states as text[]))
    )
    select serial, state, attempts, error, is_loaded from entry_before"""
# One round trip for all of them: for a small file, a round trip costs as much as its rows.
_STATEMENTS = text("; ".join([_NOT_DURABLE, entries.INSERT_RECEIVED, _SUPERSEDE_OTHERS_SQL, _CLAIM])).columns(
    *(ingestions.c[name] for name in ("serial", "state", "attempts", "error")), column("is_loaded", Boolean)
)
_MARK_FOR_REPLAY = text("""
    update ingest.ingestions set attempts = 0, error = null,
        state = case when state = 'loaded' then state else 'received' end,
        replaying = case when state = 'loaded' then 'received' end,
        duplicate_of = null, undone = null, finished_at = case when state = 'loaded' then finished_at end
    where id = :id returning state""")
_CLEAR_COUNTS = text("""
    update ingest.ingestions set rows_read = null, rows_inserted = null, rows_updated = null,
        rows_unchanged = null, rows_duplicate = null, rows_rejected = null
    where id = :id""")


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry before its claim. `serial` marks the load's rows; the rest is about earlier attempts.

    `is_loaded`: it is replayed, and its rows are in the table until the new load replaces them.
    """

    serial: int
    state: State
    attempts: int
    error: dict[str, Any] | None
    is_loaded: bool


def claim(connection: Connection, upload: Upload, dataset: str, final_states: Collection[State]) -> Claim:
    """Mark the entry of `upload` as `loading` and count the attempt, unless its state is in `final_states`.

    Inserts the entry if it is new, and marks unfinished entries of the blob's other versions as `superseded`.
    The caller must hold the version's lock: then the worker of an entry that is `loading` already has died,
    and this attempt takes the entry over.
    """
    facts = {**entries.received_values(upload, dataset), "final_states": list(final_states)}
    found = connection.execute(_STATEMENTS, facts).one()
    return Claim(found.serial, State(found.state), found.attempts, found.error, found.is_loaded)


def record_failure(engine: Engine, version: BlobVersion, error: dict[str, Any]) -> None:
    """Record why an attempt failed, for the next attempt. Does nothing while Postgres is unavailable."""
    with suppress(IngestError), driver_errors.translate_errors(), engine.begin() as short:
        if _find_if_still_loading(short, version.ingestion_id):
            entries.record_failed_attempt(short, version.ingestion_id, error)


def record_final_failure(
    engine: Engine, version: BlobVersion, state: State, error: dict[str, Any] | None
) -> None:
    """Record that no attempt follows: `version` and its unfinished members end in `state`."""
    with driver_errors.translate_errors(), engine.begin() as short:
        if entry := _find_if_still_loading(short, version.ingestion_id):
            finish_without_rows(short, entry, state, error)
            finish_members(short, version, state, error)
    detail = error["detail"] if error else "replaced"
    logger.bind(ingestion=version.ingestion_id).warning("{}: {}", state, detail)


def finish_without_rows(
    connection: Connection, entry: RowMapping, state: State, error: Mapping[str, Any] | None
) -> None:
    """Write the final `state` of a load without rows.

    After a replay the entry keeps its earlier rows and state, and its error says so.
    """
    if entry["replaying"] is None:
        entries.finish(connection, entry["id"], state, error=error)
        return
    detail = _REPLAY_FAILED + (error["detail"] if error else _BLOB_CHANGED)
    statement = update(ingestions).where(ingestions.c.id == entry["id"])
    connection.execute(
        statement.values(replaying=None, error={**(error or {}), "code": "replay_failed", "detail": detail})
    )


def _find_if_still_loading(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """The entry, unless another attempt took over or finished it after the load's transaction ended."""
    if not locks.acquire_version(connection, ingestion_id, wait_seconds=0):
        return None
    entry = entries.find_entry(connection, ingestion_id)
    return entry if entry is not None and visible_state(entry) is State.LOADING else None


def supersede_others(connection: Connection, container: str, path: str, current: str) -> int:
    """Mark unfinished entries of the blob as `superseded`, except those of the version with ETag `current`.

    An empty `current` means that the blob was deleted. Versions that are being loaded at this moment hold
    their lock and are skipped; their loads notice it themselves. Returns the number of entries.
    """
    facts = {"container": container, "path": path, "etag": current.strip('"')}
    return connection.execute(_SUPERSEDE_OTHERS, facts).rowcount


def finish_members(
    connection: Connection, archive: BlobVersion, state: State, error: dict[str, Any] | None
) -> None:
    """Give the unfinished members of `archive` its final `state`, since it is not loaded again."""
    facts = {"container": archive.container, "path": archive.path, "etag": archive.etag.strip('"')}
    text = None if error is None else json.dumps(error)
    connection.execute(_FINISH_MEMBERS, {**facts, "state": state, "error": text})


def mark_for_replay(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Make the next delivery of the version load it; the caller must hold the version's lock."""
    if connection.scalar(_MARK_FOR_REPLAY, {"id": ingestion_id}) != State.LOADED:
        connection.execute(_CLEAR_COUNTS, {"id": ingestion_id})


def visible_state(entry: Mapping[Any, Any]) -> State:
    """The state that callers see: that of the replay, if there is one."""
    return State(entry["replaying"] or entry["state"])


def pending_versions(connection: Connection, idle_since: datetime) -> list[tuple[str, str]]:
    """Path and ETag of unfinished versions without an attempt since `idle_since`, oldest first."""
    active_at = func.coalesce(ingestions.c.started_at, ingestions.c.received_at)
    found = connection.execute(
        select(ingestions.c.path, ingestions.c.etag)
        .where(
            or_(ingestions.c.state.in_([State.RECEIVED, State.LOADING]), ingestions.c.replaying.is_not(None)),
            active_at < idle_since,
        )
        .group_by(ingestions.c.path, ingestions.c.etag)
        .order_by(func.min(active_at))
    )
    return [(row.path, row.etag) for row in found]


def not_to_sweep(connection: Connection, ids: Collection[uuid.UUID], seen_before: datetime) -> set[uuid.UUID]:
    """Those of `ids` that a sweep skips: finished, or with an attempt since `seen_before`."""
    statement = text("""
        select id from ingest.ingestions where id = any(:ids) and not (
            (state in ('received', 'loading') or replaying is not null)
            and coalesce(started_at, received_at) < :before
            or state = 'failed' and error @> '{"transient": true}' and finished_at < :before)
        """).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    return set(connection.scalars(statement, {"ids": list(ids), "before": seen_before}))
