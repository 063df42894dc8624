"""Entries that are to be loaded again, whatever became of them before.

One that is `loaded` stays so until the new load commits: its rows are there, and others go by that.
`replaying` says how far the new load is, and is what callers see.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, text, update

from shared.ledger import ingestions as entries
from shared.ledger.ingest import ingestions
from shared.ledger.state import State

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


def state_of(entry: Mapping[Any, Any]) -> State:
    """The state that callers see: of the new load, if one is under way."""
    return State(entry["replaying"] or entry["state"])


def request(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Let the next delivery of the version load it; to be called by the holder of its lock."""
    if connection.scalar(_REQUEST, {"id": ingestion_id}) != State.LOADED:
        connection.execute(_FORGET, {"id": ingestion_id})


def give_up(connection: Connection, entry: RowMapping, state: State, error: Mapping[str, Any] | None) -> None:
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
