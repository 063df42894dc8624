"""The polling source of blob triggers: looks through a container for versions that have no receipt yet."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError, ResourceNotFoundError

from dev.host.blob_function import BlobFunction
from dev.host.blob_message import BlobMessage
from dev.host.blob_store import Listed
from dev.host.receipts import Receipts, key

log = logging.getLogger("host")
_AT_ONCE = 8
# A listing grows with the container, not with what is new in it: looking may take this share of the time.
_LOOKING_SHARE = 0.1


class ContainerScan:
    """Scans one container for all functions that watch it; `queue` takes a message for the internal queue."""

    def __init__(
        self,
        functions: list[BlobFunction],
        receipts: Receipts,
        queue: Callable[[BlobMessage], None],
        seconds: float,
        stopping: threading.Event,
    ) -> None:
        self._functions = functions
        self._account = functions[0].account
        self._container = functions[0].path.container
        self._doing = f"scanning the container {self._container}"
        self._prefix = _common_prefix([function.path.prefix for function in functions])
        self._receipts = receipts
        self._queue = queue
        self._seconds = seconds
        self._stopping = stopping
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=f"scan {self._container}")
        # Receipts known to be complete, by function id: read once, so that a scan costs one listing.
        self._known: dict[str, set[str]] = {}
        # On the queue, but without a receipt yet, because storage failed in between.
        self._queued: set[BlobMessage] = set()
        self._looking = 0.0

    def step(self) -> float:
        """Scan once; answer the seconds until the next scan."""
        self._looking = 0.0
        try:
            for function in self._functions:
                if function.function.id not in self._known:
                    self._known[function.function.id] = self._receipts.completed(function.function.id)
            self._scan()
        except ResourceNotFoundError:
            self._account.answered(self._doing)  # it said that there is no such container; it may come
        except AzureError as exc:
            self._account.failed(self._doing, exc)
        else:
            self._account.answered(self._doing)
        return max(self._seconds, self._looking / _LOOKING_SHARE)

    def _scan(self) -> None:
        present: dict[str, set[str]] = {function_id: set() for function_id in self._known}
        for page in self._timed(self._account.store.pages(self._container, self._prefix)):
            fresh = [
                message
                for blob in page
                for message in self._messages(blob)
                if not self._is_known(message, present)
            ]
            for error in self._pool.map(self._enqueue, fresh):
                if error is not None:
                    self._account.failed("queueing a blob", error)
            if self._stopping.is_set():
                return
        for function_id, keys in present.items():
            # What is no longer there cannot come back under its ETag, so it need not be remembered.
            self._known[function_id] &= keys

    def _timed(self, pages: Iterator[list[Listed]]) -> Iterator[list[Listed]]:
        """The same pages, noting how long getting each one took."""
        while True:
            began = time.monotonic()
            page = next(pages, None)
            self._looking += time.monotonic() - began
            if page is None:
                return
            yield page

    def _messages(self, blob: Listed) -> list[BlobMessage]:
        return [
            BlobMessage(watching.function.id, self._container, blob.name, blob.etag, blob.blob_type)
            for watching in self._functions
            if watching.path.matches(blob.name)
        ]

    def _is_known(self, message: BlobMessage, present: dict[str, set[str]]) -> bool:
        receipt = key(message)
        present[message.function_id].add(receipt)
        return receipt in self._known[message.function_id]

    def _enqueue(self, message: BlobMessage) -> AzureError | None:
        """Queue one blob version and write its receipt; answer the error, so that one blob fails alone."""
        if self._stopping.is_set():
            return None
        try:
            if message not in self._queued:
                self._queue(message)
                self._queued.add(message)
            self._receipts.complete(message)
        except AzureError as exc:
            return exc
        self._queued.discard(message)
        self._known[message.function_id].add(key(message))
        return None


def _common_prefix(names: list[str]) -> str:
    first, last = min(names), max(names)
    return next((first[:i] for i, letter in enumerate(first) if last[i : i + 1] != letter), first)
