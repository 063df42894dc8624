"""Receipts: which version of which blob has been queued for which function.

A receipt is an empty blob `blobreceipts/<hostId>/<function id>/"<etag>"/<container>/<blob>` in the container
`azure-webjobs-hosts`. It is written before the message is queued and marked complete after, so that a host
killed in between queues the blob again; complete means queued, not processed.
"""

import datetime as dt
import enum
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient

from dev.host.blob_message import BlobMessage
from dev.host.storage import Account

CONTAINER = "azure-webjobs-hosts"
_COMPLETED = "Completed"


class Claim(enum.Enum):
    """What a receipt says to someone who wants to queue the blob."""

    OURS = "queue it"
    DONE = "it has been queued"
    BUSY = "someone queues it right now"


class Receipts:
    """The receipts of one host id."""

    def __init__(self, account: Account, host_id: str, lease_seconds: float) -> None:
        self._container = account.blobs.get_container_client(CONTAINER)
        self._prefix = f"blobreceipts/{host_id}"
        self._lease = dt.timedelta(seconds=lease_seconds)

    def completed(self, function_id: str) -> set[str]:
        """List the keys (see `key`) of all complete receipts of a function."""
        prefix = f"{self._prefix}/{function_id}/"
        try:
            found = self._container.list_blobs(name_starts_with=prefix, include=["metadata"])
            return {blob.name.removeprefix(prefix) for blob in found if _COMPLETED in (blob.metadata or {})}
        except ResourceNotFoundError:
            return set()

    def claim(self, message: BlobMessage) -> Claim:
        """Begin a receipt, or say why not."""
        receipt = self._receipt(message)
        try:
            self._create(receipt)
        except ResourceExistsError:
            return self._claim_existing(receipt)
        return Claim.OURS

    def complete(self, message: BlobMessage) -> None:
        """Mark a receipt complete, after its message has been queued."""
        self._receipt(message).set_blob_metadata({_COMPLETED: "True"})

    def _create(self, receipt: BlobClient) -> None:
        try:
            receipt.upload_blob(b"", overwrite=False)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # several threads may find it missing
                self._container.create_container()
            receipt.upload_blob(b"", overwrite=False)

    def _claim_existing(self, receipt: BlobClient) -> Claim:
        found = receipt.get_blob_properties()
        if _COMPLETED in (found.metadata or {}):
            return Claim.DONE
        # The real host leases the receipt; its age tells the same, for two requests less a blob.
        if dt.datetime.now(dt.UTC) - found.last_modified < self._lease:
            return Claim.BUSY
        return Claim.OURS

    def _receipt(self, message: BlobMessage) -> BlobClient:
        return self._container.get_blob_client(f"{self._prefix}/{message.function_id}/{key(message)}")


def key(message: BlobMessage) -> str:
    """Answer what a receipt is about, below the function's own folder."""
    return f"{message.etag}/{message.container}/{message.blob}"
