"""Queue messages that replay a blob."""

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
def queue(resources: Resources, storage: str) -> Iterator[QueueServiceClient]:
    """The queues of the account; the queue of replays does not exist yet."""
    with QueueServiceClient.from_connection_string(storage) as queues:
        _remove(queues)
        yield queues
        _remove(queues)


def _remove(queues: QueueServiceClient) -> None:
    try:
        queues.delete_queue(REPLAYS_QUEUE)
    except ResourceNotFoundError:
        return


def test_a_message_has_the_path_of_the_blob_in_the_platforms_encoding(
    resources: Resources, queue: QueueServiceClient
) -> None:
    for path in ("sales/a.csv", 'sales/ü "1".csv'):
        replay_load.enqueue(resources.replays, path)

    texts = [message.content for message in queue.get_queue_client(REPLAYS_QUEUE).peek_messages(9)]
    assert [replay_load.parse_message(base64.b64decode(text).decode()) for text in texts] == [
        "sales/a.csv",
        'sales/ü "1".csv',
    ]


@pytest.mark.parametrize("body", ["", "{}", "[]", "1"])
def test_a_message_without_a_path_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="not a message"):
        replay_load.parse_message(body)


def test_the_queue_address_is_a_separate_setting_without_a_connection_string() -> None:
    minimal = {
        "DATABASE_URL": "postgresql://u:p@h/d",
        "UPLOADS__blobServiceUri": "https://a.blob.core.windows.net",
    }
    with pytest.raises(SettingsError, match="UPLOADS__queueServiceUri is not set"):
        _ = Resources(settings.load(minimal)).replays
    address = {"UPLOADS__queueServiceUri": "https://a.queue.core.windows.net"}
    queue = Resources(settings.load({**minimal, **address})).replays
    assert queue.url == f"https://a.queue.core.windows.net/{REPLAYS_QUEUE}"
