"""Scans for new blobs and their receipts, also when storage fails in between."""

import threading
from collections.abc import Iterator

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient

from dev.azurite import Azurite
from dev.host.blob_message import BlobMessage
from dev.host.blob_queue import BlobFunction, parse_path
from dev.host.blob_scan import ContainerScan, Receipts, key
from dev.host.function import Function, Parameter
from dev.host.storage import Account
from tests.e2e.host.conftest import unique

MESSAGE = BlobMessage("Host.Functions.load", "c", "folder/é 1 & <b>.csv", '"0x1"')


@pytest.fixture
def account(azurite: Azurite) -> Iterator[Account]:
    account = Account("DATA", azurite.connection_string)
    yield account
    account.close()


def test_a_receipt_is_there_once_its_blob_was_queued(account: Account) -> None:
    host = unique("host")
    receipts = Receipts(account.store, host)
    assert receipts.completed(MESSAGE.function_id) == set()
    for _ in range(2):
        receipts.complete(MESSAGE)
        assert Receipts(account.store, host).completed(MESSAGE.function_id) == {key(MESSAGE)}


class Unreliable:
    """A queue, or receipts, whose first write fails."""

    def __init__(self) -> None:
        self.tries: list[BlobMessage] = []

    def take(self, message: BlobMessage) -> None:
        self.tries.append(message)
        if len(self.tries) == 1:
            raise AzureError("no answer")


class UnreliableReceipts(Receipts):
    """Receipts whose first write fails."""

    def __init__(self, account: Account, host_id: str) -> None:
        super().__init__(account.store, host_id)
        self._first = Unreliable()

    def complete(self, message: BlobMessage) -> None:
        self._first.take(message)
        super().complete(message)


def scan(account: Account, container: str, receipts: Receipts, queue: Unreliable | list[BlobMessage]) -> None:
    """Scan `container` three times."""
    function = Function(
        "load", print, "", {"type": "blobTrigger"}, Parameter("b", "blob", bytes), None, False, False
    )
    watching = BlobFunction(function, parse_path(f"{container}/{{name}}"), account, polled=True)
    put = queue.take if isinstance(queue, Unreliable) else queue.append
    scanning = ContainerScan([watching], receipts, put, 0.1, threading.Event())
    for _ in range(3):
        scanning.step()


def test_a_blob_that_could_not_be_queued_is_queued_by_the_next_scan(
    account: Account, blobs: BlobServiceClient
) -> None:
    name, host = unique("scanned"), unique("host")
    with blobs.create_container(name) as container:
        etag = container.upload_blob("a.csv", b"1").get_blob_properties().etag
    queue = Unreliable()
    scan(account, name, Receipts(account.store, host), queue)
    assert queue.tries == [BlobMessage("Host.Functions.load", name, "a.csv", etag)] * 2
    assert Receipts(account.store, host).completed("Host.Functions.load") == {f"{etag}/{name}/a.csv"}


def test_a_blob_whose_receipt_could_not_be_written_is_not_queued_again_by_the_same_host(
    account: Account, blobs: BlobServiceClient
) -> None:
    name, host = unique("scanned"), unique("host")
    with blobs.create_container(name) as container:
        container.upload_blob("a.csv", b"1")
    queued: list[BlobMessage] = []
    scan(account, name, UnreliableReceipts(account, host), queued)
    assert len(queued) == 1
    assert len(Receipts(account.store, host).completed("Host.Functions.load")) == 1
    # A host that was killed before it wrote the receipt queues the blob once more.
    scan(account, name, Receipts(account.store, unique("host")), queued)
    assert len(queued) == 2
