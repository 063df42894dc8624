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

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_GROWTH = 1.5

_FIRST_ROWS = 10

_MOST_WAITING = threading.BoundedSemaphore(2)
"""Who waits holds one of the few threads of the process, in which the loads that it waits for may run."""


@dataclass(frozen=True, slots=True)
class FinishedLoad:
    """An ingestion in its final state, with the first rows that it brought as texts of JSON objects."""

    seen: IngestionView
    first_rows: Sequence[str]


def wait_for_loads(engine: Engine, ids: Sequence[uuid.UUID], seconds: float) -> list[FinishedLoad] | None:
    """All of `ids` once each has its final state, in their order.

    `None` where one has none after `seconds`, where Postgres is away, or where too many wait already.
    """
    if not _MOST_WAITING.acquire(blocking=False):
        return None
    try:
        return _poll(engine, ids, time.monotonic() + seconds)
    except IngestError:
        return None  # the files are stored whether Postgres is away or not
    finally:
        _MOST_WAITING.release()


def _poll(engine: Engine, ids: Sequence[uuid.UUID], deadline: float) -> list[FinishedLoad] | None:
    pause = _FIRST_PAUSE
    while True:
        with transactions.short_transaction(engine) as connection:
            if (arrived := _arrived(connection, ids)) is not None:
                return arrived
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _arrived(connection: Connection, ids: Sequence[uuid.UUID]) -> list[FinishedLoad] | None:
    entries = [find_entry(connection, one) for one in ids]
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
