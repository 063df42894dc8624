"""The use case of loading a version of a blob again, whatever became of it before."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Connection, Engine, RowMapping

from shared import faults
from shared.database import brief
from shared.errors import Conflict, Gone, IngestError, NotFound
from shared.ledger import ingestions, locks, members, replays
from shared.storage import uploads
from shared.storage.identity import BlobVersion

_LOADING = "It is being loaded at this moment."
_GONE = "The blob {}/{} was deleted or replaced since: this version of it cannot be loaded again."


def request(
    engine: Engine, container: ContainerClient, ingestion_id: uuid.UUID, deliver: Callable[[str], None]
) -> None:
    """Mark the version to be loaded again, then have the blob delivered: `deliver` takes its path.

    The load is not done here: it may take longer than a request. Where `deliver` fails the sweep finds the
    entry within minutes. Raises `NotFound`, `Gone`, `Unavailable`, and `Conflict` while it is being loaded.
    """
    with brief.connect(engine) as connection:
        entry = ingestions.find(connection, ingestion_id)
    if entry is None:
        raise NotFound(f"There is no ingestion {ingestion_id}.")
    _require_blob(container, entry)
    with brief.connect(engine) as connection:
        for one in _together(connection, entry):
            if not locks.acquire(connection, one, wait_seconds=0):
                raise Conflict(_LOADING)
            replays.request(connection, one)
    try:
        deliver(entry["path"])
    except IngestError as exc:
        logger.bind(ingestion=ingestion_id).warning("the replay is left to the sweep: {}", exc)


def _require_blob(container: ContainerClient, entry: RowMapping) -> None:
    with faults.translated():
        current = uploads.find(container, entry["path"])
    is_same = current is not None and current.version.etag.strip('"') == entry["etag"]
    if entry["container"] != container.container_name or not is_same:
        raise Gone(_GONE.format(entry["container"], entry["path"]))


def _together(connection: Connection, entry: RowMapping) -> list[uuid.UUID]:
    """What is loaded in one go: a file, an archive with all in it, or of an archive only one file."""
    archive = BlobVersion(entry["container"], entry["path"], entry["etag"])
    if entry["member"]:
        return [archive.ingestion_id, entry["id"]]
    return [entry["id"], *(one.id for one in members.of(connection, archive))]
