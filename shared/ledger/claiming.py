"""Claiming an entry for one try to load it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Connection, column, text

from shared.ledger import ingestions, unsettled
from shared.ledger.ingest import ingestions as table
from shared.ledger.state import State
from shared.storage.uploads import Upload


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
_STATEMENTS = text("; ".join([_NOT_DURABLE, ingestions.RECEIVE, unsettled.SUPERSEDE_OTHERS, _CLAIM])).columns(
    table.c.serial, table.c.state, table.c.attempts, table.c.error, column("is_loaded", Boolean)
)


def claim(connection: Connection, upload: Upload, dataset: str, settled: Collection[State]) -> Claim:
    """Mark the entry of `upload` as `loading` and count the attempt, unless its state is one of `settled`.

    It is entered if it is new, and unfinished entries of other versions of the blob become `superseded`. To
    be called by the holder of the ingestion's lock: an entry that is `loading` already is then one whose
    worker died, and is taken over.
    """
    facts = {**ingestions.facts_of(upload, dataset), "settled": list(settled)}
    found = connection.execute(_STATEMENTS, facts).one()
    return Claim(found.serial, State(found.state), found.attempts, found.error, found.is_loaded)
