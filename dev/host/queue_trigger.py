"""A function with a queue trigger: what it is given for a message, and its poison queue."""

import datetime as dt
import logging
import uuid

from azure.functions.meta import Datum
from azure.storage.queue import QueueMessage

from dev.host import bindings, queue_text
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call, Invoker
from dev.host.storage import Account

log = logging.getLogger("host")
_POISON = "-poison"


class QueueTrigger:
    """Runs one function for the messages of one queue."""

    def __init__(self, function: Function, account: Account, invoker: Invoker, *, base64: bool) -> None:
        name = str(function.trigger.get("queueName", "")).lower()
        if not name:
            raise LoadError(function.name, "its queue trigger names no queue")
        self.account = account
        self.queue = account.queue(name)
        self._function = function
        self._invoker = invoker
        self._base64 = base64
        # As in the host: what fails on a poison queue stays there.
        self.has_poison = not name.endswith(_POISON)
        self._poison = account.queue(name + _POISON)

    def handle(self, message: QueueMessage) -> bool:
        """Run the function for a message."""
        try:
            body = queue_text.decode(str(message.content)) if self._base64 else str(message.content)
        except ValueError:
            log.warning("a message on %s is not base64", self.queue.name)
            if self.has_poison:
                self.poison(message)
            return self.has_poison
        return self._invoker.run(self._call(body, message)).succeeded

    def poison(self, message: QueueMessage) -> None:
        """Put a message that used up its tries on the queue's poison queue."""
        self._poison.put(str(message.content))
        log.error(
            "a message on %s failed for good (%s tries): moved to %s",
            self.queue.name,
            message.dequeue_count,
            self._poison.name,
        )

    def run_by_hand(self, text: str) -> None:
        """Run the function by hand for a message of this text."""
        now = dt.datetime.now(dt.UTC)
        message = QueueMessage(content=text, id=str(uuid.uuid4()), dequeue_count=1, pop_receipt="by hand")
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
