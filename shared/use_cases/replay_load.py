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

_LOADING = "The file is being loaded. Try again when the load has finished."
_GONE = "The blob {}/{} was deleted or replaced. This version of it cannot be loaded again."


def request_replay(
    engine: Engine, container: ContainerClient, ingestion_id: uuid.UUID, enqueue_path: Callable[[str], None]
) -> None:
    """Mark the blob version to be loaded again and enqueue its path with `enqueue_path`.

    A worker loads it, because a load may take longer than a request. If `enqueue_path` fails, the sweep loads
    the blob within minutes. Raises `NotFound`, `Gone`, `Unavailable`, and `Conflict` during a load.
    """
    with transactions.short_transaction(engine) as connection:
        entry = entries.get_entry(connection, ingestion_id)
    _check_blob_unchanged(container, entry)
    with transactions.short_transaction(engine) as connection:
        for loaded_id in _loaded_together(connection, entry):
            if not locks.acquire_version(connection, loaded_id, wait_seconds=0):
                raise Conflict(_LOADING)
            transitions.mark_for_replay(connection, loaded_id)
    try:
        enqueue_path(entry["path"])
    except IngestError as exc:
        logger.bind(ingestion=ingestion_id).warning("the replay is left to the sweep: {}", exc)


def _check_blob_unchanged(container: ContainerClient, entry: RowMapping) -> None:
    with driver_errors.translate_errors():
        current = blobs.find(container, entry["path"])
    is_same = current is not None and current.version.etag.strip('"') == entry["etag"]
    if entry["container"] != container.container_name or not is_same:
        raise Gone(_GONE.format(entry["container"], entry["path"]))


def _loaded_together(connection: Connection, entry: RowMapping) -> list[uuid.UUID]:
    """The entries that one load covers: a file; an archive and its members; or a member and its archive."""
    archive = BlobVersion(entry["container"], entry["path"], entry["etag"])
    if entry["member"]:
        return [archive.ingestion_id, entry["id"]]
    return [entry["id"], *(member.id for member in entries.archive_members(connection, archive))]


def enqueue(queue: QueueClient, path: str) -> None:
    """Send a message for the blob at `path`; create a missing queue. Raises `Unavailable`, `LoadFailed`."""
    message = json.dumps({"path": path})
    with driver_errors.translate_errors():
        try:
            queue.send_message(message)
        except ResourceNotFoundError:  # a new account has no queue yet
            with suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(message)


def parse_message(message: str) -> str:
    """The path in a message of `enqueue`; raises `ValueError` for any other message."""
    try:
        path = json.loads(message)["path"]
    except (json.JSONDecodeError, KeyError, TypeError) as exc:
        raise ValueError("not a message of the queue csv-replays") from exc
    return str(path)
