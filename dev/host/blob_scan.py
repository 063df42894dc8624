"""The scan for new blobs: list a container and queue the blob versions that have no receipt.

The real host scans differently. With `UseDevelopmentStorage=true` it compares modification times in whole
seconds and can miss blobs that are written within one second; this scan sees every blob.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from azure.core.exceptions import AzureError, ResourceNotFoundError

from dev.host.blob_message import BlobMessage
from dev.host.blob_queue import BlobFunction
from dev.host.storage import BlobStore, ListedBlob

log = logging.getLogger("host")
CONTAINER = "azure-webjobs-hosts"
_COMPLETED = "Completed"
_PARALLEL = 8
# The time for a listing grows with the container: listings take at most this share of the time.
_LISTING_SHARE = 0.1


class Receipts:
    """The receipts of one host id: which blob versions have been queued for which function.

    A receipt is an empty blob `blobreceipts/<host id>/<function id>/"<etag>"/<container>/<blob>` in the
    container `azure-webjobs-hosts`, with the metadata Completed. The real host first writes an incomplete
    one, against other instances; this host has no other instances and writes it once, after the message.
    Both queue a blob again if they are killed in between.
    """

    def __init__(self, store: BlobStore, host_id: str) -> None:
        self._store = store
        self._prefix = f"blobreceipts/{host_id}"

    def completed(self, function_id: str) -> set[str]:
        """Return the keys (see `key`) of all complete receipts of a function."""
        prefix = f"{self._prefix}/{function_id}/"
        try:
            pages = self._store.pages(CONTAINER, prefix, metadata=True)
            return {
                blob.name.removeprefix(prefix)
                for page in pages
                for blob in page
                if _COMPLETED in blob.metadata
            }
        except ResourceNotFoundError:
            return set()

    def complete(self, message: BlobMessage) -> None:
        """Write a complete receipt, after its message has been queued."""
        name = f"{self._prefix}/{message.function_id}/{key(message)}"
        self._store.put(CONTAINER, name, metadata=_COMPLETED)


def key(message: BlobMessage) -> str:
    """Return the part of a receipt's name after the function id."""
    return f"{message.etag}/{message.container}/{message.blob}"


class ContainerScan:
    """Scans one container for all functions that poll it; `queue` puts a message on the internal queue."""

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
        self._activity = f"scanning the container {self._container}"
        self._prefix = _common_prefix([function.path.prefix for function in functions])
        self._receipts = receipts
        self._queue = queue
        self._seconds = seconds
        self._stopping = stopping
        self._pool = ThreadPoolExecutor(_PARALLEL, thread_name_prefix=f"scan {self._container}")
        # Keys of complete receipts by function id: read once, so that a scan costs one listing.
        self._known: dict[str, set[str]] = {}
        # Queued, but without a receipt, because storage failed in between.
        self._queued: set[BlobMessage] = set()
        self._listing_seconds = 0.0

    def step(self) -> float:
        """Scan once; return the seconds until the next scan."""
        self._listing_seconds = 0.0
        try:
            for function in self._functions:
                if function.function.id not in self._known:
                    self._known[function.function.id] = self._receipts.completed(function.function.id)
            self._scan()
        except ResourceNotFoundError:
            self._account.succeeded(self._activity)  # the container may be created later
        except AzureError as exc:
            self._account.failed(self._activity, exc)
        else:
            self._account.succeeded(self._activity)
        return max(self._seconds, self._listing_seconds / _LISTING_SHARE)

    def _scan(self) -> None:
        present: dict[str, set[str]] = {function_id: set() for function_id in self._known}
        for page in self._timed(self._account.store.pages(self._container, self._prefix)):
            new = [
                message
                for blob in page
                for message in self._messages(blob)
                if not self._is_known(message, present)
            ]
            for error in self._pool.map(self._enqueue, new):
                if error is not None:
                    self._account.failed("queueing a blob", error)
            if self._stopping.is_set():
                return
        for function_id, keys in present.items():
            # A deleted blob never returns with its ETag, so its receipt can be forgotten.
            self._known[function_id] &= keys

    def _timed(self, pages: Iterator[list[ListedBlob]]) -> Iterator[list[ListedBlob]]:
        """Return the same pages and measure the time for each."""
        while True:
            began = time.monotonic()
            page = next(pages, None)
            self._listing_seconds += time.monotonic() - began
            if page is None:
                return
            yield page

    def _messages(self, blob: ListedBlob) -> list[BlobMessage]:
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
        """Queue one blob version and write its receipt; return the error, so that other blobs continue."""
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
