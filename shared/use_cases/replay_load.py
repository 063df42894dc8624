"""Replays a load: marks a blob version to be loaded again and enqueues it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Connection, Engine, RowMapping

from shared import driver_errors
from shared.database import transactions
from shared.errors import Conflict, Gone, IngestError
from shared.ledger import entries, locks, transitions
from shared.storage import blobs
from shared.storage.blob_version import BlobVersion

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

_LOADING = "It is being loaded at this moment."
_GONE = "The blob {}/{} was deleted or replaced since: this version of it cannot be loaded again."


def request_replay(
    engine: Engine, container: ContainerClient, ingestion_id: uuid.UUID, deliver: Callable[[str], None]
) -> None:
    """Mark the version to be loaded again, then have the blob delivered: `deliver` takes its path.

    The load is not done here: it may take longer than a request. Where `deliver` fails the sweep finds the
    entry within minutes. Raises `NotFound`, `Gone`, `Unavailable`, and `Conflict` while it is being loaded.
    """
    with transactions.short_transaction(engine) as connection:
        entry = entries.get_entry(connection, ingestion_id)
    _require_blob(container, entry)
    with transactions.short_transaction(engine) as connection:
        for one in _together(connection, entry):
            if not locks.acquire_version(connection, one, wait_seconds=0):
                raise Conflict(_LOADING)
            transitions.mark_for_replay(connection, one)
    try:
        deliver(entry["path"])
    except IngestError as exc:
        logger.bind(ingestion=ingestion_id).warning("the replay is left to the sweep: {}", exc)


def _require_blob(container: ContainerClient, entry: RowMapping) -> None:
    with driver_errors.translate_errors():
        current = blobs.find(container, entry["path"])
    is_same = current is not None and current.version.etag.strip('"') == entry["etag"]
    if entry["container"] != container.container_name or not is_same:
        raise Gone(_GONE.format(entry["container"], entry["path"]))


def _together(connection: Connection, entry: RowMapping) -> list[uuid.UUID]:
    """What is loaded in one go: a file, an archive with all in it, or of an archive only one file."""
    archive = BlobVersion(entry["container"], entry["path"], entry["etag"])
    if entry["member"]:
        return [archive.ingestion_id, entry["id"]]
    return [entry["id"], *(one.id for one in entries.archive_members(connection, archive))]


def enqueue(queue: QueueClient, path: str) -> None:
    """Ask for the blob at `path`; a queue that is missing is made. Raises `Unavailable` or `LoadFailed`."""
    message = json.dumps({"path": path})
    with driver_errors.translate_errors():
        try:
            queue.send_message(message)
        except ResourceNotFoundError:  # a new account has no queue yet
            with suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(message)


def parse_message(message: str) -> str:
    """The path in a message; raises `ValueError` where it is none of ours."""
    try:
        path = json.loads(message)["path"]
    except (json.JSONDecodeError, KeyError, TypeError) as exc:
        raise ValueError("not a message that asks for a blob") from exc
    return str(path)
