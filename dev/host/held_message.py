"""A queue message that is ours for now: renewing its lease, and finishing it exactly once."""

import logging
import threading
from collections.abc import Callable

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host.message_queue import MessageQueue

log = logging.getLogger("host")


class HeldMessage:
    """A received message; each renewal changes its pop receipt, so one thing happens to it at a time."""

    def __init__(self, queue: MessageQueue, message: QueueMessage) -> None:
        self.message = message
        self._queue = queue
        self._lock = threading.Lock()
        self._finished = False

    def renew(self, seconds: int) -> None:
        """Keep it invisible for `seconds` from now, unless it is finished."""
        with self._lock:
            if self._finished:
                return
            try:
                self._queue.hide(self.message, seconds)
            except ResourceNotFoundError:
                self._finished = True
                log.warning("a message on %s outlived its lease; it comes again", self._queue.name)

    def delete(self) -> None:
        """Finish it: it is done with."""
        self._finish(lambda: self._queue.delete(self.message))

    def release(self, seconds: int) -> None:
        """Finish it: it becomes visible again in `seconds`."""
        self._finish(lambda: self._queue.hide(self.message, seconds))

    def move(self, put: Callable[[QueueMessage], None]) -> None:
        """Finish it: `put` puts it elsewhere, and it is gone from here."""

        def moved() -> None:
            put(self.message)
            self._queue.delete(self.message)

        self._finish(moved)

    def abandon(self) -> None:
        """Do no more about it: it becomes visible again when its lease ends."""
        self._finish(lambda: None)

    def _finish(self, action: Callable[[], None]) -> None:
        with self._lock:
            if not self._finished:
                # Before the action: if storage fails now, the lease must end for the message to come again.
                self._finished = True
                action()
