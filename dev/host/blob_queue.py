"""The internal blob queue: scan and Event Grid put messages on it, and each message runs a blob function."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

from azure.core.exceptions import ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.blob import BlobClient, BlobProperties
from azure.storage.queue import QueueMessage

from dev.host import bindings
from dev.host.blob_message import BlobMessage, quoted
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call, Invoker
from dev.host.queue_message import decode, encode
from dev.host.storage import Account, Accounts

log = logging.getLogger("host")
POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLLED = "New blob detected(LogsAndContainerScan): {}"
_EVENT = "New blob detected(EventGrid): {}"
_PARAMETER = re.compile(r"\{[^{}/]+\}")


@dataclass(frozen=True)
class BlobPath:
    """The pattern `container/{name}`, `container/folder/{name}.csv` or just `container`."""

    container: str
    prefix: str
    pattern: re.Pattern[str]

    def matches(self, blob: str) -> bool:
        """Return whether the name of a blob matches; a parameter may contain slashes, but no newline."""
        return self.pattern.fullmatch(blob) is not None


def parse_path(path: str) -> BlobPath:
    """Parse the path of a blob trigger; the message of a ValueError says what is wrong."""
    container, _, blob = path.strip("/").partition("/")
    if not container or "{" in container:
        raise ValueError(f"the blob path '{path}' must begin with the name of a container")
    if not blob:
        return BlobPath(container, "", re.compile(".*", re.DOTALL))
    literals = _PARAMETER.split(blob)
    if any(brace in literal for literal in literals for brace in "{}"):
        raise ValueError(f"the blob path '{path}' has an unmatched brace")
    pattern = ".*".join(re.escape(literal) for literal in literals)
    return BlobPath(container, literals[0], re.compile(pattern))


@dataclass(frozen=True)
class BlobFunction:
    """A blob function and the account of its blobs; not `polled` if its source is Event Grid."""

    function: Function
    path: BlobPath
    account: Account
    polled: bool

    @classmethod
    def of(cls, function: Function, accounts: Accounts) -> Self:
        """Describe a function; LoadError if its path or its connection is wrong."""
        try:
            path = parse_path(str(function.trigger.get("path", "")))
        except ValueError as exc:
            raise LoadError(function.name, str(exc)) from exc
        polled = str(function.trigger.get("source", "")).lower() != "eventgrid"
        return cls(function, path, accounts.of(function), polled)

    def client(self, container: str, blob: str) -> BlobClient:
        """Return a client of a blob in the function's account."""
        return self.account.blobs.get_blob_client(container, blob)

    def call(self, container: str, blob: str, reason: str) -> Call:
        """Make the call for a blob: a reference for SDK types, otherwise the whole content."""
        if self.function.parameter.deferred:
            reference = bindings.blob_reference(self.function.connection, container, blob)
            return Call(self.function, reference, reason)
        client = self.client(container, blob)
        download = client.download_blob()
        content = download.readall()
        as_text = str(self.function.trigger.get("dataType", "")).upper() == "STRING"
        data = Datum(content.decode("utf-8-sig"), "string") if as_text else Datum(content, "bytes")
        return Call(self.function, data, reason, _metadata(client, container, blob, download.properties))


def _metadata(client: BlobClient, container: str, blob: str, found: BlobProperties) -> dict[str, Datum]:
    properties: dict[str, Any] = {
        "ContentLength": found.size,
        "ContentType": found.content_settings.content_type,
        "ETag": found.etag,
        "LastModified": found.last_modified.isoformat() if found.last_modified else None,
    }
    return {
        "BlobTrigger": bindings.text(f"{container}/{blob}"),
        "Uri": bindings.text(client.url.partition("?")[0]),
        "Properties": bindings.as_json(properties),
        "Metadata": bindings.as_json(dict(found.metadata or {})),
    }


class BlobQueue:
    """The queue of all blob functions, in the host's own account."""

    def __init__(
        self, account: Account, host_id: str, functions: Iterable[BlobFunction], invoker: Invoker
    ) -> None:
        self._account = account
        self.queue = account.queue(f"azure-webjobs-blobtrigger-{host_id}")
        self._functions = {function.function.id.lower(): function for function in functions}
        self._invoker = invoker
        # Called after a message was put on the queue, and after a blob changed while its message was queued.
        self.on_queued: Callable[[], object] = lambda: None
        self.on_changed: Callable[[], object] = lambda: None

    def put(self, message: BlobMessage) -> None:
        """Queue a blob for processing."""
        self.queue.put(encode(message.to_json()))
        self.on_queued()

    def handle(self, raw: QueueMessage) -> bool:
        """Run the function for a message; True also if there is nothing to run any more."""
        message = _parsed(raw)
        if message is None:
            log.error("a message on %s is not a blob trigger message", self.queue.name)
            return False
        function = self._functions.get(message.function_id.lower())
        place = f"{message.container}/{message.blob}"
        if function is None:
            log.warning("%s was queued for %s, which does not exist: dropped", place, message.function_id)
            return True
        try:
            if not self._is_current(function, message, place):
                return True
            reason = (_POLLED if function.polled else _EVENT).format(place)
            call = function.call(message.container, message.blob, reason)
        except ResourceNotFoundError:
            log.info("%s was deleted before %s ran: dropped", place, function.function.name)
            return True
        return self._invoker.run(call).succeeded

    def _is_current(self, function: BlobFunction, message: BlobMessage, place: str) -> bool:
        """Check that a polled blob still is the queued version; ResourceNotFoundError if it was deleted."""
        etag = function.account.store.etag(message.container, message.blob)
        if not function.polled or etag == quoted(message.etag):
            return True
        log.info("%s was overwritten before %s ran: its new version is queued", place, function.function.name)
        self.on_changed()
        return False

    def poison(self, raw: QueueMessage) -> None:
        """Put a message on the poison queue of the blob's account after its last try."""
        message = _parsed(raw)
        function = self._functions.get(message.function_id.lower()) if message else None
        account = function.account if function else self._account
        account.queue(POISON_QUEUE).put(str(raw.content))
        place = f"{message.container}/{message.blob}" if message else "a message"
        log.error("%s failed %s times: moved to %s", place, raw.dequeue_count, POISON_QUEUE)


def _parsed(raw: QueueMessage) -> BlobMessage | None:
    try:
        body = decode(str(raw.content))
        return BlobMessage.from_json(body if isinstance(body, str) else "")
    except ValueError:
        return None
