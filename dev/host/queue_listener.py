"""Taking messages off a storage queue: batches and leases.

The rules are those of the host's QueueListener: a message is invisible while it is worked on and its lease is
renewed.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host.held_message import HeldMessage
from dev.host.lifecycle import Lifecycle
from dev.host.message_queue import MessageQueue
from dev.host.processing import Processing
from dev.host.storage import Account

log = logging.getLogger("host")
_LARGEST_BATCH = 32
# Messages held for each one that can run: enough to fetch in batches, few enough that a killed host
# costs few messages a try they did not get.
_HELD_FOR_EACH = 8
# Messages that storage may still delete while the next ones run.
_FINISHING = 2
_FIRST_REST, _LONGEST_REST = 0.02, 1.0


@dataclass(frozen=True)
class Rules:
    """How a queue is worked on; `retry_seconds` is how long a failed message stays invisible."""

    concurrency: int
    tries: int
    lease_seconds: int
    retry_seconds: float = 0
    longest_rest: float = _LONGEST_REST


class _Stopping(Exception):
    """The host stops before a message had its turn."""


class QueueListener:
    """Works on one queue, with `handle` and `poison` as `Processing` describes them."""

    def __init__(
        self,
        *,
        account: Account,
        queue: MessageQueue,
        rules: Rules,
        handle: Callable[[QueueMessage], bool],
        poison: Callable[[QueueMessage], None] | None,
        lifecycle: Lifecycle,
    ) -> None:
        self._account = account
        self._queue = queue
        self._rules = rules
        self._handle = handle
        self._places = threading.Semaphore(rules.concurrency)
        self._processing = Processing(self._handle_in_turn, poison, rules.tries, rules.retry_seconds)
        self._lifecycle = lifecycle
        self._held: set[HeldMessage] = set()
        self._changed = threading.Condition()
        self._doing = f"reading the queue {queue.name}"
        self._rest = _FIRST_REST
        name = queue.name
        self._pool = ThreadPoolExecutor(rules.concurrency + _FINISHING, thread_name_prefix=f"queue {name}")
        self._fetching = lifecycle.loop(f"queue {name}", self._fetch)
        self._renewing = lifecycle.loop(f"leases {name}", self._renew, while_stopping=True)

    def start(self) -> None:
        """Begin to listen."""
        self._fetching.start()
        self._renewing.start()

    def wake(self) -> None:
        """Look at the queue soon: there is a message on it."""
        if self._rest > _FIRST_REST:
            self._rest = _FIRST_REST
            self._fetching.wake()

    def _fetch(self) -> float:
        """Take a batch when there is room for it; answer the seconds to rest."""
        concurrency = self._rules.concurrency
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._held) <= concurrency, timeout=1.0):
                return 0
            room = _HELD_FOR_EACH * concurrency - len(self._held)
        batch = min(room, _LARGEST_BATCH)
        messages = self._receive(batch)
        for message in messages:
            held = HeldMessage(self._queue, message)
            with self._changed:
                self._held.add(held)
            self._pool.submit(self._work, held)
        if len(messages) == batch:
            return 0
        # A short rest after a short batch lets the next one grow: a request costs the same for 1 as for 32.
        self._rest = _FIRST_REST if messages else min(self._rest * 2, self._rules.longest_rest)
        return self._rest

    def _receive(self, count: int) -> list[QueueMessage]:
        try:
            messages = self._queue.take(count, self._rules.lease_seconds)
        except ResourceNotFoundError:
            messages = []  # not created yet
        except AzureError as exc:
            self._account.failed(self._doing, exc)
            return []
        self._account.answered(self._doing)
        return messages

    def _renew(self) -> float:
        """Extend the lease of everything held."""
        with self._changed:
            all_held = list(self._held)
        for held in all_held:
            try:
                held.renew(self._rules.lease_seconds)
            except AzureError as exc:
                self._account.failed("renewing a message's lease", exc)
        return self._rules.lease_seconds / 3

    def _work(self, held: HeldMessage) -> None:
        try:
            with self._lifecycle.work():
                self._process(held)
        except AzureError as exc:
            # Its lease ends, and it comes again: a message is delivered at least once.
            self._account.failed("finishing a message", exc)
        except Exception:
            log.exception("a message on %s could not be handled", self._queue.name)
        finally:
            held.abandon()
            with self._changed:
                self._held.discard(held)
                self._changed.notify_all()

    def _process(self, held: HeldMessage) -> None:
        try:
            if self._processing.process(held):
                self.wake()
        except _Stopping:
            held.release(0)

    def _handle_in_turn(self, message: QueueMessage) -> bool:
        with self._places:
            if self._lifecycle.stopping.is_set():
                raise _Stopping
            return self._handle(message)
