"""The app with Event Grid as the source of blob events, including repeated and irrelevant events."""

from __future__ import annotations

import time
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from shared.storage.blob_version import BlobVersion
from tests.e2e.conftest import Client
from tests.fixtures.samples import orders


@pytest.fixture(scope="module")
def app_environment() -> dict[str, str]:
    return {"BLOB_TRIGGER_SOURCE": "eventgrid", "RETRY_SECONDS": "5"}


def post_event(client: Client, container: str, path: str, etag: str) -> int:
    """Post the event that Event Grid sends for a blob; return the status code."""
    account = client.uploads.url.rpartition("/")[0]
    event: dict[str, Any] = {
        "id": "1",
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": f"/blobServices/default/containers/{container}/blobs/{path}",
        "eventTime": "2026-01-01T00:00:00Z",
        "data": {
            "api": "PutBlob",
            "url": f"{account}/{container}/{path}",
            "eTag": etag,
            "blobType": "BlockBlob",
        },
        "dataVersion": "",
    }
    answer = client.http.post(
        "/runtime/webhooks/blobs",
        params={"functionName": "Host.Functions.load"},
        json=[event],
        headers={"aeg-event-type": "Notification"},
    )
    return answer.status_code


def upload(client: Client, path: str, content: bytes) -> tuple[str, str]:
    """Upload a blob; return its ETag and the id of its ingestion."""
    etag = client.uploads.get_blob_client(path).upload_blob(content)["etag"]
    return etag, str(BlobVersion("uploads", path, etag).ingestion_id)


def test_repeated_events_load_their_blob_once(client: Client) -> None:
    etag, ingestion_id = upload(client, "sales/event.csv", orders(1, 5))

    assert [post_event(client, "uploads", "sales/event.csv", etag.strip('"')) for _ in range(4)] == [202] * 4

    assert client.wait_for_result(ingestion_id)["counts"]["inserted"] == 5
    client.app.wait_for(lambda: client.app.log.count("already finished") >= 3)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").json()["attempts"] == 1
    assert client.query("select count(*) from sales where sales_order_number in ('SO1', 'SO5')") == [(2,)]


def test_a_new_blob_without_an_event_is_not_loaded(client: Client) -> None:
    _, ingestion_id = upload(client, "sales/missed.csv", orders(10, 5))
    time.sleep(1)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").status_code == 404

    # The sweep does not load young blobs, because their events may still arrive.
    assert client.http.post("/admin/functions/sweep", json={"input": ""}).status_code == 202
    client.app.wait_for(lambda: "swept" in client.app.log)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").status_code == 404


def test_events_for_deleted_blobs_or_other_containers_are_ignored(client: Client) -> None:
    assert post_event(client, "uploads", "sales/gone.csv", "0x1") == 202
    with BlobServiceClient.from_connection_string(client.app.storage_connection_string) as storage:
        other_blob = storage.create_container("elsewhere").get_blob_client("sales/a.csv")
        etag = other_blob.upload_blob(orders(30, 5))["etag"]
    assert post_event(client, "elsewhere", "sales/a.csv", etag.strip('"')) == 202
    etag, ingestion_id = upload(client, "sales/after.csv", orders(20, 5))
    post_event(client, "uploads", "sales/after.csv", etag.strip('"'))

    assert client.wait_for_result(ingestion_id)["state"] == "loaded"
    assert "Functions.give_up'" not in client.app.log
    client.app.wait_for(lambda: "another container was ignored" in client.app.log)
    assert client.query("select count(*) from sales where sales_order_number = 'SO30'") == [(0,)]
