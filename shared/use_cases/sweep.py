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
_MIN_AGE = timedelta(minutes=2)
"""Younger blobs and entries are left to their own events."""


def sweep(
    engine: Engine,
    container: ContainerClient,
    load: Callable[[str], object],
    budget_seconds: float,
    min_age: timedelta = _MIN_AGE,
) -> int:
    """Call `load` for each blob whose current version is not finished; mark entries of deleted blobs.

    Stops after about `budget_seconds`; the next sweep continues. A blob that fails does not stop the others.
    Returns the number of loads. Raises `Unavailable` if storage and ledger cannot be compared.
    """
    deadline = time.monotonic() + budget_seconds
    before = datetime.now(UTC) - min_age
    _supersede_deleted(engine, container, before)
    done = 0
    for path in _pending_paths(engine, container, before):
        if time.monotonic() > deadline:
            logger.bind(ingested=done).warning("the sweep ran out of time; the next one continues")
            break
        try:
            load(path)
        except IngestError as exc:
            logger.warning("the sweep could not load a blob: {}", exc)
        else:
            done += 1
    return done


def _pending_paths(engine: Engine, container: ContainerClient, before: datetime) -> Iterator[str]:
    """Paths whose current version has no entry, or an entry that should be finished by now."""
    with driver_errors.translate_errors():
        if not container.exists():
            return  # the first upload creates it
        old = (upload for upload in blobs.list_blobs(container) if upload.modified_at < before)
        for page in _pages(old):
            ids = [upload.version.ingestion_id for upload in page]
            with engine.begin() as connection:
                excluded = transitions.not_to_sweep(connection, ids, before)
            for upload in page:
                if upload.version.ingestion_id not in excluded:
                    yield upload.version.path


def _pages(items: Iterable[Upload]) -> Iterator[list[Upload]]:
    iterator = iter(items)
    while page := list(islice(iterator, _PAGE)):
        yield page


def _supersede_deleted(engine: Engine, container: ContainerClient, before: datetime) -> None:
    """Mark pending entries as superseded if their blob version was deleted or replaced."""
    with driver_errors.translate_errors():
        with engine.begin() as connection:
            waiting = transitions.pending_versions(connection, before)
        for path, etag in waiting:
            current = blobs.find(container, path)  # outside of any transaction: storage may be slow
            present = current.version.etag.strip('"') if current else ""
            if present != etag:
                with engine.begin() as connection:
                    transitions.supersede_others(connection, str(container.container_name), path, present)
