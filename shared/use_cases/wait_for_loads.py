"""Waits a limited time for ingestions to finish."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from shared.database import transactions
from shared.datasets import catalog
from shared.errors import IngestError
from shared.ledger.entries import find_entry
from shared.ledger.tables import FINAL_STATES, State
from shared.queries.first_rows import first_rows_of_load
from shared.queries.ingestions import IngestionView, view_of

_FIRST_PAUSE, _MAX_PAUSE = 0.1, 2.0
_GROWTH = 1.5

_FIRST_ROWS = 10

_WAITING = threading.BoundedSemaphore(2)
"""At most two requests wait: each holds one of the few threads of the process, which loads need, too."""


@dataclass(frozen=True, slots=True)
class FinishedLoad:
    """A finished ingestion, with the first rows that it loaded as JSON texts."""

    view: IngestionView
    first_rows: Sequence[str]


def wait_for_loads(engine: Engine, ids: Sequence[uuid.UUID], seconds: float) -> list[FinishedLoad] | None:
    """Wait until all of `ids` are finished, and return them in their order.

    `None` if one is not finished after `seconds`, if Postgres is unavailable, or if too many requests wait.
    """
    if not _WAITING.acquire(blocking=False):
        return None
    try:
        return _poll(engine, ids, time.monotonic() + seconds)
    except IngestError:
        return None  # the files are stored also if Postgres is unavailable
    finally:
        _WAITING.release()


def _poll(engine: Engine, ids: Sequence[uuid.UUID], deadline: float) -> list[FinishedLoad] | None:
    pause = _FIRST_PAUSE
    while True:
        with transactions.short_transaction(engine) as connection:
            if (finished := _finished(connection, ids)) is not None:
                return finished
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * _GROWTH, _MAX_PAUSE)


def _finished(connection: Connection, ids: Sequence[uuid.UUID]) -> list[FinishedLoad] | None:
    entries = [find_entry(connection, ingestion_id) for ingestion_id in ids]
    found = [entry for entry in entries if entry is not None and entry["replaying"] is None]
    if len(found) < len(ids) or any(entry["state"] not in {*FINAL_STATES, State.FAILED} for entry in found):
        return None
    return [
        FinishedLoad(view_of(connection, entry), _first_rows(connection, entry["dataset"], entry["serial"]))
        for entry in found
    ]


def _first_rows(connection: Connection, dataset: str, serial: int) -> list[str]:
    known = catalog.find_dataset(connection, dataset)
    return first_rows_of_load(connection, known.contract, serial, _FIRST_ROWS) if known else []
