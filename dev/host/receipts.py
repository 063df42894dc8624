"""Receipts: which version of which blob has been queued for which function.

A receipt is an empty blob `blobreceipts/<hostId>/<function id>/"<etag>"/<container>/<blob>` in the
container `azure-webjobs-hosts`; its metadata say that it is complete, which means that the blob was queued,
not processed. The real host writes an incomplete one first, which keeps its other instances away. The
stand-in is alone with its host id and writes a receipt once, after its message was queued; a host that is
killed in between queues the blob again, the real one too.
"""

from azure.core.exceptions import ResourceNotFoundError

from dev.host.blob_message import BlobMessage
from dev.host.blob_store import BlobStore

CONTAINER = "azure-webjobs-hosts"
_COMPLETED = "Completed"


class Receipts:
    """The receipts of one host id."""

    def __init__(self, store: BlobStore, host_id: str) -> None:
        self._store = store
        self._prefix = f"blobreceipts/{host_id}"

    def completed(self, function_id: str) -> set[str]:
        """List the keys (see `key`) of all complete receipts of a function."""
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
        self._store.mark(CONTAINER, name, _COMPLETED)


def key(message: BlobMessage) -> str:
    """Answer what a receipt is about, below the function's own folder."""
    return f"{message.etag}/{message.container}/{message.blob}"
