"""The Event Grid webhook of blob triggers: `/runtime/webhooks/blobs?functionName=Host.Functions.<name>`."""

import ipaddress
import json
import logging
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.exceptions import AzureError

from dev.host.blob_function import BlobFunction
from dev.host.blob_message import BlobMessage, quoted
from dev.host.http_message import Reply, Request, json_reply

log = logging.getLogger("host")
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_CREATED = "Microsoft.Storage.BlobCreated"


class Webhook:
    """Puts the blobs of events on the internal queue: no receipt, no check of ETag or path, as in Azure."""

    def __init__(self, functions: Iterable[BlobFunction], queue: Callable[[BlobMessage], None]) -> None:
        self._functions = {
            watching.function.id.lower(): watching for watching in functions if not watching.polled
        }
        self._queue = queue

    def respond(self, request: Request) -> Reply:
        """Answer a delivery: 202, or the handshake of a new subscription."""
        name = parse_qs(request.query).get("functionName", [""])[0]
        watching = self._functions.get(name.lower())
        if watching is None:
            log.warning("the blob webhook was called for %r, which has no Event Grid blob trigger", name)
            return Reply(404)
        try:
            events = _events(request.body)
            messages = [
                _message(watching, event["data"]) for event in events if event.get("eventType") == _CREATED
            ]
            handshakes = [event["data"] for event in events if event.get("eventType") == _VALIDATION]
            codes = [handshake["validationCode"] for handshake in handshakes]
        except (ValueError, KeyError, TypeError):
            return Reply(400)
        if codes:
            return json_reply(200, {"validationResponse": codes[0]})
        try:
            for message in messages:
                self._queue(message)
        except AzureError as exc:
            watching.account.failed("queueing a blob", exc)
            return Reply(500)  # Event Grid delivers again
        return Reply(202)


def _events(body: bytes) -> list[dict[str, Any]]:
    events = json.loads(body)
    if isinstance(events, dict):
        events = [events]
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("not an array of events")
    return events


def _message(watching: BlobFunction, data: dict[str, Any]) -> BlobMessage:
    container, blob = container_and_blob(data["url"])
    return BlobMessage(
        watching.function.id,
        container,
        blob,
        quoted(data.get("eTag", "")),
        str(data.get("blobType", "BlockBlob")),
    )


def container_and_blob(url: str) -> tuple[str, str]:
    """Take container and blob from a blob's URL (an emulator's has the account first), or ValueError."""
    parts = urlsplit(url)
    path = parts.path.lstrip("/")
    if _is_emulator(parts.hostname or ""):
        path = path.partition("/")[2]
    container, _, blob = path.partition("/")
    if not container or not blob:
        raise ValueError("the event's url names no blob")
    return unquote(container), unquote(blob)


def _is_emulator(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return True
