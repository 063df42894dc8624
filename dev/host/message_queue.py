"""A storage queue: messages put, taken for a while, kept longer, and deleted."""

import datetime as dt
from contextlib import suppress
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from dev.host.wire import Wire


class MessageQueue:
    """The queue `name` of the queue service behind `wire`; it is made by the first message put."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.name = name
        self._wire = wire
        self._messages = f"{name}/messages"

    def put(self, body: str) -> None:
        """Append a message whose text is `body`, encoded as its reader expects it."""
        content = f"<QueueMessage><MessageText>{escape(body)}</MessageText></QueueMessage>".encode()
        try:
            self._wire.ask("POST", self._messages, body=content)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # several threads may find it missing
                self._wire.ask("PUT", self.name)
            self._wire.ask("POST", self._messages, body=content)

    def take(self, count: int, seconds: int) -> list[QueueMessage]:
        """Take up to `count` messages (32 at most), which nobody else sees for `seconds`."""
        query = {"numofmessages": count, "visibilitytimeout": seconds}
        root = ET.fromstring(self._wire.ask("GET", self._messages, query).data)  # noqa: S314 - our own account's
        return [_message(one) for one in root]

    def hide(self, message: QueueMessage, seconds: int) -> None:
        """Let a taken message be invisible for `seconds` from now on; its pop receipt changes."""
        query = {"popreceipt": message.pop_receipt, "visibilitytimeout": seconds}
        answer = self._wire.ask("PUT", f"{self._messages}/{message.id}", query)
        message.pop_receipt = answer.headers["x-ms-popreceipt"]

    def delete(self, message: QueueMessage) -> None:
        """Delete a taken message; ResourceNotFoundError where somebody else has taken it meanwhile."""
        self._wire.ask("DELETE", f"{self._messages}/{message.id}", {"popreceipt": message.pop_receipt})


def _message(found: ET.Element) -> QueueMessage:
    message = QueueMessage(
        content=found.findtext("MessageText", ""),
        id=found.findtext("MessageId", ""),
        pop_receipt=found.findtext("PopReceipt", ""),
        dequeue_count=int(found.findtext("DequeueCount", "0")),
    )
    message.inserted_on = _time(found, "InsertionTime")
    message.expires_on = _time(found, "ExpirationTime")
    message.next_visible_on = _time(found, "TimeNextVisible")
    return message


def _time(found: ET.Element, name: str) -> dt.datetime:
    return parsedate_to_datetime(found.findtext(name, ""))
