"""Records `failed` for a blob whose event ended in the poison queue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from loguru import logger
from sqlalchemy import Engine

from shared import driver_errors
from shared.error_codes import failure_text
from shared.ledger import entries, locks, transitions
from shared.ledger.tables import FINAL_STATES, State, failure_json
from shared.storage.blob_version import BlobVersion

_PLATFORM_ATTEMPTS = 5
"""Attempts of the platform for one message (host.json: poisonBlobThreshold)."""


@dataclass(frozen=True, slots=True)
class PoisonMessage:
    """The platform's poison message for one version of one blob."""

    version: BlobVersion

    @classmethod
    def parse(cls, body: str) -> PoisonMessage:
        """Parse a message of the poison queue; raises `ValueError` if it is not one of the platform's."""
        try:
            fields = json.loads(body)
            return cls(BlobVersion(fields["ContainerName"], fields["BlobName"], fields["ETag"]))
        except (json.JSONDecodeError, KeyError, TypeError) as exc:
            raise ValueError("not a message of the blob trigger's poison queue") from exc


def give_up(engine: Engine, version: BlobVersion) -> State | None:
    """Record `failed` with the reason of the last attempt; returns the state of the entry.

    Fewer attempts than the platform made, and no reason, mean that Postgres was unavailable. Nothing is wrong
    with the file then, and it stays `received` for the sweep, like a blob without an entry (`None`). Raises
    `Unavailable`.
    """
    with driver_errors.translate_errors(), engine.begin() as connection:
        if not locks.acquire_version(connection, version.ingestion_id, wait_seconds=0):
            return State.LOADING
        entry = entries.find_entry(connection, version.ingestion_id)
        if entry is None:
            return None
        state = State(entry["state"])
        if state in FINAL_STATES or state is State.FAILED:
            return state
        error: dict[str, Any] | None = entry["error"]
        if error is None and entry["attempts"] < _PLATFORM_ATTEMPTS:
            return state
        error = error or _worker_died(entry["attempts"])
        entries.finish(connection, version.ingestion_id, State.FAILED, error=error)
        transitions.finish_members(connection, version, State.FAILED, error)
    logger.bind(ingestion=version.ingestion_id, attempts=entry["attempts"]).error("failed permanently")
    return State.FAILED


def _worker_died(attempts: int) -> dict[str, Any]:
    return failure_json("worker_died", failure_text("worker_died", attempts=attempts))
