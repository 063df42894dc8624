"""Sweeps storage for blobs whose event was missed, lost or given up on, and loads them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Engine

from shared import driver_errors
from shared.errors import IngestError
from shared.ledger import transitions
from shared.storage import blobs
from shared.storage.blobs import Upload

_PAGE = 500
_SETTLING = timedelta(minutes=2)
"""A blob or an entry younger than this is left to its own event."""


def sweep(
    engine: Engine,
    container: ContainerClient,
    ingest: Callable[[str], object],
    budget_seconds: float,
    settling: timedelta = _SETTLING,
) -> int:
    """Call `ingest` for each blob whose current version is not settled, and settle entries of lost blobs.

    Stops after about `budget_seconds`; the next sweep goes on. A blob that fails does not keep the others
    from being loaded. Returns how many were ingested. Raises `Unavailable` where the comparison fails.
    """
    deadline = time.monotonic() + budget_seconds
    before = datetime.now(UTC) - settling
    _supersede_lost(engine, container, before)
    done = 0
    for path in _unsettled(engine, container, before):
        if time.monotonic() > deadline:
            logger.bind(ingested=done).warning("the sweep ran out of time; the next one goes on")
            break
        try:
            ingest(path)
        except IngestError as exc:
            logger.warning("the sweep could not load a blob: {}", exc)
        else:
            done += 1
    return done


def _unsettled(engine: Engine, container: ContainerClient, before: datetime) -> Iterator[str]:
    """Paths whose current version has no entry, or one that somebody should have finished by now."""
    with driver_errors.translate_errors():
        if not container.exists():
            return  # the first upload will make it
        old = (upload for upload in blobs.list_blobs(container) if upload.modified_at < before)
        for page in _pages(old):
            ids = [upload.version.ingestion_id for upload in page]
            with engine.begin() as connection:
                left_alone = transitions.not_to_sweep(connection, ids, before)
            for upload in page:
                if upload.version.ingestion_id not in left_alone:
                    yield upload.version.path


def _pages(items: Iterable[Upload]) -> Iterator[list[Upload]]:
    iterator = iter(items)
    while page := list(islice(iterator, _PAGE)):
        yield page


def _supersede_lost(engine: Engine, container: ContainerClient, before: datetime) -> None:
    """Unfinished entries whose version is no longer there get their final state."""
    with driver_errors.translate_errors():
        with engine.begin() as connection:
            waiting = transitions.pending_versions(connection, before)
        for path, etag in waiting:
            current = blobs.find(container, path)  # outside of any transaction: storage may be slow
            present = current.version.etag.strip('"') if current else ""
            if present != etag:
                with engine.begin() as connection:
                    transitions.supersede_others(connection, str(container.container_name), path, present)
