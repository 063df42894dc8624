"""Records `failed` for a blob whose event ended in the poison queue."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from loguru import logger
from sqlalchemy import Engine

from shared import driver_errors
from shared.ledger import entries, locks, transitions
from shared.ledger.tables import FINAL_STATES, State, failure_json
from shared.storage.blob_version import BlobVersion

_TRIES = 5
"""Of the platform, for one message (host.json: poisonBlobThreshold)."""


@dataclass(frozen=True, slots=True)
class PoisonMessage:
    """What the platform puts on the poison queue for one version of one blob."""

    version: BlobVersion

    @classmethod
    def parse(cls, body: str) -> PoisonMessage:
        """Read the queue's message; raises `ValueError` where it is none of the platform's."""
        try:
            fields = json.loads(body)
            return cls(BlobVersion(fields["ContainerName"], fields["BlobName"], fields["ETag"]))
        except (json.JSONDecodeError, KeyError, TypeError) as exc:
            raise ValueError("not a message of the blob trigger's poison queue") from exc


def give_up(engine: Engine, version: BlobVersion) -> State | None:
    """Record `failed` with the last try's reason; returns the state that the entry then has.

    An entry that shows fewer tries than the platform made and no reason means that Postgres was away
    meanwhile: nothing is wrong with the file, so it stays `received` for the sweep, as does one without an
    entry (`None`). Raises `Unavailable`.
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
        if error is None and entry["attempts"] < _TRIES:
            return state
        error = error or _died(entry["attempts"])
        entries.finish(connection, version.ingestion_id, State.FAILED, error=error)
        transitions.finish_members(connection, version, State.FAILED, error)
    logger.bind(ingestion=version.ingestion_id, attempts=entry["attempts"]).error("failed for good")
    return State.FAILED


def _died(attempts: int) -> dict[str, Any]:
    detail = f"the worker died during each of {attempts} tries; it may need more memory or time"
    return failure_json("worker_died", detail)
