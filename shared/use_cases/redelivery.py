"""Redelivery: a message of the app's own that has a blob delivered once more, to the workers that load."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from shared import faults

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient


def send(queue: QueueClient, path: str) -> None:
    """Ask for the blob at `path`; a queue that is missing is made. Raises `Unavailable` or `LoadFailed`."""
    message = json.dumps({"path": path})
    with faults.translated():
        try:
            queue.send_message(message)
        except ResourceNotFoundError:  # a new account has no queue yet
            with suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(message)


def parse(message: str) -> str:
    """The path in a message; raises `ValueError` where it is none of ours."""
    try:
        path = json.loads(message)["path"]
    except (json.JSONDecodeError, KeyError, TypeError) as exc:
        raise ValueError("not a message that asks for a blob") from exc
    return str(path)
