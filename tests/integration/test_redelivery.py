"""Messages that have a blob delivered once more."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from shared import settings
from shared.bindings import REPLAYS_QUEUE
from shared.errors import SettingsError
from shared.resources import Resources
from shared.use_cases import replay_load


@pytest.fixture
def queue(own: Resources, storage: str) -> Iterator[QueueServiceClient]:
    """The account's queues; that of the replays is none of them yet."""
    with QueueServiceClient.from_connection_string(storage) as queues:
        _remove(queues)
        yield queues
        _remove(queues)


def _remove(queues: QueueServiceClient) -> None:
    try:
        queues.delete_queue(REPLAYS_QUEUE)
    except ResourceNotFoundError:
        return


def test_a_message_names_the_blob_as_the_platform_reads_it(own: Resources, queue: QueueServiceClient) -> None:
    for path in ("sales/a.csv", 'sales/ü "1".csv'):
        replay_load.enqueue(own.replays, path)

    texts = [message.content for message in queue.get_queue_client(REPLAYS_QUEUE).peek_messages(9)]
    assert [replay_load.parse_message(base64.b64decode(text).decode()) for text in texts] == [
        "sales/a.csv",
        'sales/ü "1".csv',
    ]


@pytest.mark.parametrize("body", ["", "{}", "[]", "1"])
def test_a_message_that_is_not_ours_is_named_as_such(body: str) -> None:
    with pytest.raises(ValueError, match="not a message"):
        replay_load.parse_message(body)


def test_by_identity_the_queues_address_is_a_setting_of_its_own() -> None:
    least = {
        "DATABASE_URL": "postgresql://u:p@h/d",
        "UPLOADS__blobServiceUri": "https://a.blob.core.windows.net",
    }
    with pytest.raises(SettingsError, match="UPLOADS__queueServiceUri is not set"):
        _ = Resources(settings.load(least)).replays
    address = {"UPLOADS__queueServiceUri": "https://a.queue.core.windows.net"}
    made = Resources(settings.load({**least, **address})).replays
    assert made.url == f"https://a.queue.core.windows.net/{REPLAYS_QUEUE}"
