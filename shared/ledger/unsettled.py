"""Entries of the ledger that nobody works on: superseded by another version, or left for the sweep."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, Uuid, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from shared.ledger.state import State
from shared.tables.ingest import ingestions

SUPERSEDE_OTHERS = """
    update ingest.ingestions set replaying = null,
        state = case when replaying is null then 'superseded' else state end,
        finished_at = case when replaying is null then clock_timestamp() else finished_at end
    where container = :container and path = :path and id <> cast(:id as uuid)
    and (state in ('received', 'loading') or replaying is not null)
    and pg_try_advisory_xact_lock(hashtextextended(id::text, 0))"""
"""Of all versions of a blob but `id`; for what `supersede_others` says."""
_SUPERSEDE_OTHERS = text(SUPERSEDE_OTHERS)


def supersede_others(connection: Connection, container: str, path: str, current: uuid.UUID | None) -> int:
    """Mark unfinished entries of other versions of a blob `superseded`; returns how many.

    Those that are being loaded at this moment hold their lock and are left to find out by themselves.
    """
    facts = {"container": container, "path": path, "id": str(current or uuid.UUID(int=0))}
    return connection.execute(_SUPERSEDE_OTHERS, facts).rowcount


def unfinished(connection: Connection, idle_since: datetime) -> list[tuple[uuid.UUID, str]]:
    """Id and path of entries that nobody has worked on since `idle_since`, oldest first."""
    touched = func.coalesce(ingestions.c.started_at, ingestions.c.received_at)
    found = connection.execute(
        select(ingestions.c.id, ingestions.c.path)
        .where(
            or_(ingestions.c.state.in_([State.RECEIVED, State.LOADING]), ingestions.c.replaying.is_not(None)),
            touched < idle_since,
        )
        .order_by(touched)
    )
    return [(row.id, row.path) for row in found]


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
