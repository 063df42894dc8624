"""Receipts in the storage emulator: what is queued once, and what a host left half done."""

import time

from dev.azurite import Azurite
from dev.host.blob_message import BlobMessage
from dev.host.receipts import Claim, Receipts, key
from dev.host.storage import Account
from tests.e2e.host.conftest import unique

MESSAGE = BlobMessage("Host.Functions.load", "c", "folder/é 1.csv", '"0x1"')


def test_a_receipt_is_claimed_once_and_a_forgotten_one_again(azurite: Azurite) -> None:
    account = Account("DATA", azurite.connection_string)
    with account.blobs, account.queues:
        receipts = Receipts(account, unique("host"), lease_seconds=1)
        assert receipts.claim(MESSAGE) is Claim.OURS
        assert receipts.claim(MESSAGE) is Claim.BUSY
        assert receipts.completed(MESSAGE.function_id) == set()
        time.sleep(2.1)  # storage keeps whole seconds
        assert receipts.claim(MESSAGE) is Claim.OURS
        receipts.complete(MESSAGE)
        assert receipts.claim(MESSAGE) is Claim.DONE
        assert receipts.completed(MESSAGE.function_id) == {key(MESSAGE)}
