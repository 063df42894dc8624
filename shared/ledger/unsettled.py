"""Entries of the ledger that nobody works on: superseded by another version, or left for the sweep."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Uuid, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.ledger.ingest import ingestions
from shared.ledger.state import State
from shared.storage.identity import BlobVersion

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
_SETTLE_MEMBERS = text("""
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


def settle_members(
    connection: Connection, archive: BlobVersion, state: State, error: dict[str, Any] | None
) -> None:
    """Give the unfinished members of `archive` the `state` that it ends in, since it is not begun again."""
    facts = {"container": archive.container, "path": archive.path, "etag": archive.etag.strip('"')}
    told = None if error is None else json.dumps(error)
    connection.execute(_SETTLE_MEMBERS, {**facts, "state": state, "error": told})


def unfinished(connection: Connection, idle_since: datetime) -> list[tuple[str, str]]:
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


def settled_among(
    connection: Connection, ids: Collection[uuid.UUID], seen_before: datetime
) -> set[uuid.UUID]:
    """Those of `ids` that a sweep leaves alone: finished for good, or active since `seen_before`."""
    statement = text("""
        select id from ingest.ingestions where id = any(:ids) and not (
            (state in ('received', 'loading') or replaying is not null)
            and coalesce(started_at, received_at) < :before
            or state = 'failed' and error @> '{"transient": true}' and finished_at < :before)
        """).bindparams(bindparam("ids", type_=ARRAY(Uuid())))
    return set(connection.scalars(statement, {"ids": list(ids), "before": seen_before}))
