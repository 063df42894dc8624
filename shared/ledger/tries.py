"""What is written down of a try to load that broke off: its own transaction was rolled back."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from loguru import logger
from sqlalchemy import Connection, Engine, RowMapping

from shared import faults
from shared.errors import IngestError
from shared.ledger import ingestions, locks, replays, unsettled
from shared.ledger.state import State
from shared.storage.identity import BlobVersion


def settle(engine: Engine, version: BlobVersion, state: State, error: dict[str, Any] | None) -> None:
    """Record that it was the last one: `version` ends in `state`, with members that were not finished."""
    with faults.translated(), engine.begin() as short:
        if entry := _find_ours(short, version.ingestion_id):
            replays.give_up(short, entry, state, error)
            unsettled.settle_members(short, version, state, error)
    told = error["detail"] if error else "replaced"
    logger.bind(ingestion=version.ingestion_id).warning("{}: {}", state, told)


def note(engine: Engine, version: BlobVersion, error: dict[str, Any]) -> None:
    """Note why, for whoever tries again. Best effort: where Postgres is away there is nowhere to note it."""
    with suppress(IngestError), faults.translated(), engine.begin() as short:
        if _find_ours(short, version.ingestion_id):
            ingestions.note_failure(short, version.ingestion_id, error)


def _find_ours(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping | None:
    """The entry, unless somebody took it over or finished it since our lock ended with our transaction."""
    if not locks.acquire(connection, ingestion_id, wait_seconds=0):
        return None
    entry = ingestions.find(connection, ingestion_id)
    return entry if entry is not None and replays.state_of(entry) is State.LOADING else None
