"""A received queue message: its text, its invisibility, and what happens to it after processing."""

import base64
import binascii
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host.storage import MessageQueue

log = logging.getLogger("host")


def encode(text: str) -> str:
    """Encode a message text as Base64, the default of the real host."""
    return base64.b64encode(text.encode()).decode()


def decode(body: str) -> str | bytes:
    """Decode a message text, to bytes if it is not UTF-8; ValueError if it is not Base64."""
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error as exc:
        raise ValueError("the message is not Base64") from exc
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content


class ReceivedMessage:
    """A message that this host processes; each renewal changes its pop receipt, so a lock guards it."""

    def __init__(self, queue: MessageQueue, message: QueueMessage) -> None:
        self.message = message
        self._queue = queue
        self._lock = threading.Lock()
        self._finished = False

    def renew(self, seconds: int) -> None:
        """Make it invisible for `seconds` from now, unless it is finished."""
        with self._lock:
            if self._finished:
                return
            try:
                self._queue.hide(self.message, seconds)
            except ResourceNotFoundError:
                self._finished = True
                log.warning("a message on %s became visible while it was processed", self._queue.name)

    def delete(self) -> None:
        """Finish it: it was processed."""
        self._finish(lambda: self._queue.delete(self.message))

    def release(self, seconds: int) -> None:
        """Finish it: it becomes visible again in `seconds`."""
        self._finish(lambda: self._queue.hide(self.message, seconds))

    def move(self, put: Callable[[QueueMessage], None]) -> None:
        """Finish it: `put` writes it to another queue, then it is deleted here."""

        def moved() -> None:
            put(self.message)
            self._queue.delete(self.message)

        self._finish(moved)

    def abandon(self) -> None:
        """Finish it without a request: it becomes visible again when its invisibility ends."""
        self._finish(lambda: None)

    def _finish(self, action: Callable[[], None]) -> None:
        with self._lock:
            if not self._finished:
                # Before the action: if storage fails now, no renewal may keep the message invisible.
                self._finished = True
                action()


@dataclass(frozen=True)
class QueueProcessor:
    """What happens to a message, as in the real host: success deletes it, a failed try makes it visible.

    The last failed try moves it to the poison queue. The storage service counts the tries.

    `handle` returns whether it succeeded. A poison queue has no `poison`: its failed messages stay invisible
    until their time ends and are then tried again.
    """

    handle: Callable[[QueueMessage], bool]
    poison: Callable[[QueueMessage], None] | None
    tries: int
    retry_seconds: float

    def process(self, received: ReceivedMessage) -> bool:
        """Process a message; return whether it was put back for another try."""
        tried = received.message.dequeue_count or 1
        if self.poison and tried > self.tries:
            # Its last try never ended: the host was killed.
            received.move(self.poison)
        elif self.handle(received.message):
            received.delete()
        elif self.poison and tried >= self.tries:
            received.move(self.poison)
        elif self.poison:
            received.release(int(self.retry_seconds))
            return True
        return False
