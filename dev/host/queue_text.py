"""Message bodies on storage queues: base64 of UTF-8, as the host's default, or plain text."""

import base64
import binascii
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient


def encode(text: str) -> str:
    """Encode a body."""
    return base64.b64encode(text.encode()).decode()


def decode(body: str) -> str | bytes:
    """Decode a body, to bytes if it is not UTF-8; ValueError if it is not base64."""
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error as exc:
        raise ValueError("the message is not base64") from exc
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


def send(queue: QueueClient, body: str) -> None:
    """Put an encoded body on a queue, making the queue first if there is none."""
    try:
        queue.send_message(body)
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # several threads may find it missing
            queue.create_queue()
        queue.send_message(body)
