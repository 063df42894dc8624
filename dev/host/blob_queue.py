"""The internal blob queue: what polling and Event Grid put on it, and running functions for it."""

import logging
from collections.abc import Callable, Iterable

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host import queue_text
from dev.host.blob_function import BlobFunction
from dev.host.blob_message import BlobMessage, quoted
from dev.host.invocation import Invoker
from dev.host.storage import Account

log = logging.getLogger("host")
POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLLED = "New blob detected(LogsAndContainerScan): {}"
_EVENT = "New blob detected(EventGrid): {}"


class BlobQueue:
    """One queue for all blob functions, in the host's own account."""

    def __init__(
        self, account: Account, host_id: str, functions: Iterable[BlobFunction], invoker: Invoker
    ) -> None:
        self._account = account
        self.queue = account.queue(f"azure-webjobs-blobtrigger-{host_id}")
        self._functions = {function.function.id.lower(): function for function in functions}
        self._invoker = invoker
        # What is called when a message was put on the queue, and when a blob changed under its message.
        self.on_queued: Callable[[], object] = lambda: None
        self.on_changed: Callable[[], object] = lambda: None

    def put(self, message: BlobMessage) -> None:
        """Queue a blob for processing."""
        self.queue.put(queue_text.encode(message.to_json()))
        self.on_queued()

    def handle(self, raw: QueueMessage) -> bool:
        """Run the function for a message; True also for a message that has lost its point."""
        message = _parsed(raw)
        if message is None:
            log.error("a message on %s is no blob trigger message", self.queue.name)
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
        """Check that a polled blob is still the queued version; ResourceNotFoundError if it is gone."""
        etag = function.account.store.etag(message.container, message.blob)
        if not function.polled or etag == quoted(message.etag):
            return True
        log.info("%s was replaced before %s ran: its new version runs", place, function.function.name)
        self.on_changed()
        return False

    def poison(self, raw: QueueMessage) -> None:
        """Put a message that used up its tries on the poison queue of the account that holds the blob."""
        message = _parsed(raw)
        function = self._functions.get(message.function_id.lower()) if message else None
        account = function.account if function else self._account
        account.queue(POISON_QUEUE).put(str(raw.content))
        place = f"{message.container}/{message.blob}" if message else "a message"
        log.error("%s failed for good (%s tries): moved to %s", place, raw.dequeue_count, POISON_QUEUE)


def _parsed(raw: QueueMessage) -> BlobMessage | None:
    try:
        body = queue_text.decode(str(raw.content))
        return BlobMessage.from_json(body if isinstance(body, str) else "")
    except ValueError:
        return None
