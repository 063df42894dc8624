"""Queue triggers: listen to a storage queue in batches and run a function for each message."""

import datetime as dt
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage

from dev.host import bindings
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.queue_message import QueueProcessor, ReceivedMessage, decode
from dev.host.storage import Account, MessageQueue

log = logging.getLogger("host")
_POISON = "-poison"
_FIRST_PAUSE = 0.02
_RENEWALS = 3  # for each visibility time


@dataclass(frozen=True)
class QueueOptions:
    """How a queue is processed; times in seconds.

    `batch` messages are fetched when at most `threshold` are being processed. A message is invisible for
    `visibility` while it is processed, and for `retry` after a failed try. An empty queue is polled with
    growing pauses up to `longest_pause`.
    """

    batch: int
    threshold: int
    tries: int
    visibility: int
    longest_pause: float
    retry: float = 0


class QueueListener:
    """Processes one queue, with `handle` and `poison` as `QueueProcessor` describes them."""

    def __init__(
        self,
        *,
        account: Account,
        queue: MessageQueue,
        options: QueueOptions,
        handle: Callable[[QueueMessage], bool],
        poison: Callable[[QueueMessage], None] | None,
        lifecycle: Lifecycle,
    ) -> None:
        self._account = account
        self._queue = queue
        self._options = options
        self._processor = QueueProcessor(handle, poison, options.tries, options.retry)
        self._lifecycle = lifecycle
        self._processing: set[ReceivedMessage] = set()
        self._changed = threading.Condition()
        self._activity = f"reading the queue {queue.name}"
        self._pause = _FIRST_PAUSE
        self._pool = ThreadPoolExecutor(options.batch + options.threshold, f"queue {queue.name}")
        self._fetching = lifecycle.loop(f"queue {queue.name}", self._fetch)
        self._renewing = lifecycle.loop(f"renewals {queue.name}", self._renew, while_stopping=True)

    def start(self) -> None:
        """Begin to listen."""
        self._fetching.start()
        self._renewing.start()

    def wake(self) -> None:
        """Poll the queue soon: a message was put on it."""
        if self._pause > _FIRST_PAUSE:
            self._pause = _FIRST_PAUSE
            self._fetching.wake()

    def _fetch(self) -> float:
        """Fetch a batch as soon as the threshold allows; return the seconds to wait."""
        with self._changed:
            if not self._changed.wait_for(self._below_threshold, timeout=1.0):
                return 0
        messages = self._receive()
        for message in messages:
            received = ReceivedMessage(self._queue, message)
            with self._changed:
                self._processing.add(received)
            self._pool.submit(self._work, received)
        if messages:
            self._pause = _FIRST_PAUSE
            return 0
        self._pause = min(self._pause * 2, self._options.longest_pause)
        return self._pause

    def _below_threshold(self) -> bool:
        return len(self._processing) <= self._options.threshold

    def _receive(self) -> list[QueueMessage]:
        try:
            messages = self._queue.receive(self._options.batch, self._options.visibility)
        except ResourceNotFoundError:
            messages = []  # the queue is created by its first message
        except AzureError as exc:
            self._account.failed(self._activity, exc)
            return []
        self._account.succeeded(self._activity)
        return messages

    def _renew(self) -> float:
        """Make all messages that are being processed invisible for another visibility time."""
        with self._changed:
            processing = list(self._processing)
        for received in processing:
            try:
                received.renew(self._options.visibility)
            except AzureError as exc:
                self._account.failed("renewing a message", exc)
        return self._options.visibility / _RENEWALS

    def _work(self, received: ReceivedMessage) -> None:
        try:
            with self._lifecycle.work():
                if self._lifecycle.stopping.is_set():
                    received.release(0)
                elif self._processor.process(received):
                    self.wake()
        except AzureError as exc:
            # The message becomes visible again: it is delivered at least once.
            self._account.failed("finishing a message", exc)
        except Exception:
            log.exception("a message on %s could not be processed", self._queue.name)
        finally:
            received.abandon()
            with self._changed:
                self._processing.discard(received)
                self._changed.notify_all()


class QueueTrigger:
    """Runs one function for the messages of one queue."""

    def __init__(self, function: Function, account: Account, invoker: Invoker, *, base64: bool) -> None:
        name = str(function.trigger.get("queueName", "")).lower()
        if not name:
            raise LoadError(function.name, "its queue trigger has no queue name")
        self.account = account
        self.queue = account.queue(name)
        self._function = function
        self._invoker = invoker
        self._base64 = base64
        # As in the real host, a poison queue has no poison queue of its own.
        self.has_poison = not name.endswith(_POISON)
        self._poison = account.queue(name + _POISON)

    def handle(self, message: QueueMessage) -> bool:
        """Run the function for a message; one that is not Base64 is moved to the poison queue instead."""
        try:
            body = decode(str(message.content)) if self._base64 else str(message.content)
        except ValueError:
            if self.has_poison:
                self._poison.put(str(message.content))
            action = f"moved to {self._poison.name}" if self.has_poison else "it stays"
            log.warning("a message on %s is not Base64: %s", self.queue.name, action)
            return self.has_poison
        return self._invoker.run(self._call(body, message)).succeeded

    def poison(self, message: QueueMessage) -> None:
        """Put a message on the queue's poison queue after its last try."""
        self._poison.put(str(message.content))
        tries, name = message.dequeue_count, self._poison.name
        log.error("a message on %s failed %s times: moved to %s", self.queue.name, tries, name)

    def run_manually(self, text: str) -> None:
        """Run the function for a message of this text, without the queue."""
        now = dt.datetime.now(dt.UTC)
        message = QueueMessage(content=text, id=str(uuid.uuid4()), dequeue_count=1, pop_receipt="manual")
        message.inserted_on = message.next_visible_on = now
        message.expires_on = now + dt.timedelta(days=7)
        self._invoker.run(self._call(text, message))

    def _call(self, body: str | bytes, message: QueueMessage) -> Call:
        metadata = {
            "QueueTrigger": bindings.text(body if isinstance(body, str) else ""),
            "Id": bindings.text(str(message.id)),
            "DequeueCount": bindings.as_json(message.dequeue_count),
            "PopReceipt": bindings.text(str(message.pop_receipt or "")),
            "InsertionTime": _time(message.inserted_on),
            "ExpirationTime": _time(message.expires_on),
            "NextVisibleTime": _time(message.next_visible_on),
        }
        data = Datum(body, "string" if isinstance(body, str) else "bytes")
        reason = f"New queue message detected on '{self.queue.name}'."
        return Call(self._function, data, reason, {key: value for key, value in metadata.items() if value})


def _time(at: dt.datetime | None) -> Datum | None:
    return bindings.as_json(at.astimezone(dt.UTC).isoformat()) if at else None
