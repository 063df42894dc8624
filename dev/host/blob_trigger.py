"""Blob triggers: the scans, the internal queue and the Event Grid webhook of all blob functions."""

import ipaddress
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from azure.core.exceptions import AzureError, ResourceNotFoundError

from dev.host.blob_message import BlobMessage, quoted
from dev.host.blob_queue import BlobFunction, BlobQueue
from dev.host.blob_scan import ContainerScan, Receipts
from dev.host.http_message import Reply, Request, json_reply
from dev.host.invocation import MANUAL, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.queue_trigger import QueueListener, QueueOptions
from dev.host.storage import Account

log = logging.getLogger("host")


class BlobTriggers:
    """All blob functions together; `account` is the host's own, for receipts and the queue."""

    def __init__(
        self,
        *,
        functions: list[BlobFunction],
        account: Account,
        host_id: str,
        options: QueueOptions,
        scan_seconds: float,
        lifecycle: Lifecycle,
        invoker: Invoker,
    ) -> None:
        self._invoker = invoker
        queue = BlobQueue(account, host_id, functions, invoker)
        self.webhook = Webhook(functions, queue.put)
        self._listener = QueueListener(
            account=account,
            queue=queue.queue,
            options=options,
            handle=queue.handle,
            poison=queue.poison,
            lifecycle=lifecycle,
        )
        receipts = Receipts(account.store, host_id)
        self._scans = [
            lifecycle.loop(
                f"scan {group[0].path.container}",
                ContainerScan(group, receipts, queue.put, scan_seconds, lifecycle.stopping).step,
            )
            for group in _by_container(functions)
        ]
        queue.on_queued = self._listener.wake
        queue.on_changed = self._scan_now

    def start(self) -> None:
        """Begin to scan and to process the queue."""
        self._listener.start()
        for scan in self._scans:
            scan.start()

    def run_manually(self, function: BlobFunction, place: str) -> None:
        """Run a function for the blob `container/name`, without receipt and queue."""
        container, _, blob = place.partition("/")
        try:
            call = function.call(container, blob, MANUAL)
        except ResourceNotFoundError:
            log.warning("%s was not run: there is no blob %s", function.function.name, place)
            return
        self._invoker.run(call)

    def _scan_now(self) -> None:
        for scan in self._scans:
            scan.wake()


def _by_container(functions: list[BlobFunction]) -> list[list[BlobFunction]]:
    groups: dict[tuple[str, str], list[BlobFunction]] = defaultdict(list)
    for function in functions:
        if function.polled:
            groups[function.account.setting, function.path.container].append(function)
    return list(groups.values())


class Webhook:
    """`POST /runtime/webhooks/blobs?functionName=Host.Functions.<name>`: queues blobs of Event Grid events.

    As in Azure it queues events of every type, also for blobs that do not exist or do not match the path.
    """

    def __init__(self, functions: Iterable[BlobFunction], queue: Callable[[BlobMessage], None]) -> None:
        self._functions = {one.function.id.lower(): one for one in functions if not one.polled}
        self._queue = queue

    def respond(self, request: Request) -> Reply:
        """Reply to a notification, or to the handshake of a new subscription."""
        kind = request.headers.get("aeg-event-type", "").lower()
        try:
            events = _events(request.body)
            if kind == "subscriptionvalidation":
                return json_reply(HTTPStatus.OK, {"validationResponse": events[0]["data"]["validationCode"]})
            if kind != "notification":
                return Reply(HTTPStatus.BAD_REQUEST)
            if not all("blobType" in event["data"] for event in events):
                return Reply(HTTPStatus.INTERNAL_SERVER_ERROR)
            name = parse_qs(request.query).get("functionName", [""])[0]
            messages = [_message(name, event["data"]) for event in events]
        except (ValueError, KeyError, TypeError, IndexError):
            return Reply(HTTPStatus.BAD_REQUEST)
        return self._enqueue(name, messages)

    def _enqueue(self, name: str, messages: list[BlobMessage]) -> Reply:
        function = self._functions.get(name.lower())
        if function is None:
            log.warning("events for %r were dropped: it is not a function with an Event Grid source", name)
            return Reply(HTTPStatus.ACCEPTED)
        try:
            for message in messages:
                self._queue(message)
        except AzureError as exc:
            function.account.failed("queueing a blob", exc)
            return Reply(HTTPStatus.INTERNAL_SERVER_ERROR)  # Event Grid delivers again
        return Reply(HTTPStatus.ACCEPTED)


def _events(body: bytes) -> list[dict[str, Any]]:
    events = json.loads(body)
    if isinstance(events, dict):
        events = [events]
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError("not a list of events")
    return events


def _message(function_id: str, data: dict[str, Any]) -> BlobMessage:
    container, blob = container_and_blob(data["url"])
    return BlobMessage(function_id, container, blob, quoted(data.get("eTag", "")), str(data["blobType"]))


def container_and_blob(url: str) -> tuple[str, str]:
    """Return container and blob of a blob's URL (an emulator's begins with the account), or ValueError."""
    parts = urlsplit(url)
    path = parts.path.lstrip("/")
    if _is_emulator(parts.hostname or ""):
        path = path.partition("/")[2]
    container, _, blob = path.partition("/")
    if not container or not blob:
        raise ValueError("the URL has no blob name")
    return unquote(container), unquote(blob)


def _is_emulator(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return True
