"""The app as it runs in Azure: events come by Event Grid, more than once, and for foreign blobs too."""

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


def announce(client: Client, container: str, path: str, etag: str) -> int:
    """Post the event that Event Grid sends for a blob; returns the status."""
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


def drop(client: Client, path: str, content: bytes) -> tuple[str, str]:
    """Upload a blob; returns its ETag and its ingestion's id."""
    etag = client.uploads.get_blob_client(path).upload_blob(content)["etag"]
    return etag, str(BlobVersion("uploads", path, etag).ingestion_id)


def test_an_event_loads_its_blob_and_its_repetition_changes_nothing(client: Client) -> None:
    etag, ingestion_id = drop(client, "sales/event.csv", orders(1, 5))

    assert [announce(client, "uploads", "sales/event.csv", etag.strip('"')) for _ in range(4)] == [202] * 4

    assert client.settled(ingestion_id)["counts"]["inserted"] == 5
    client.app.wait_for(lambda: client.app.log.count("already finished") >= 3)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").json()["attempts"] == 1
    assert client.query("select count(*) from sales where sales_order_number in ('SO1', 'SO5')") == [(2,)]


def test_without_an_event_nothing_happens_until_the_sweep(client: Client) -> None:
    _, ingestion_id = drop(client, "sales/missed.csv", orders(10, 5))
    time.sleep(1)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").status_code == 404

    # The sweep leaves young blobs to their events, so here it only has to run without harm.
    assert client.http.post("/admin/functions/sweep", json={"input": ""}).status_code == 202
    client.app.wait_for(lambda: "swept" in client.app.log)
    assert client.http.get(f"/api/ingestions/{ingestion_id}").status_code == 404


def test_events_of_blobs_that_are_gone_or_of_other_containers_do_no_harm(client: Client) -> None:
    assert announce(client, "uploads", "sales/gone.csv", "0x1") == 202
    with BlobServiceClient.from_connection_string(client.app.storage_connection_string) as storage:
        foreign = storage.create_container("elsewhere").get_blob_client("sales/a.csv")
        etag = foreign.upload_blob(orders(30, 5))["etag"]
    assert announce(client, "elsewhere", "sales/a.csv", etag.strip('"')) == 202
    etag, ingestion_id = drop(client, "sales/after.csv", orders(20, 5))
    announce(client, "uploads", "sales/after.csv", etag.strip('"'))

    assert client.settled(ingestion_id)["state"] == "loaded"
    assert "Functions.give_up'" not in client.app.log
    client.app.wait_for(lambda: "another container was ignored" in client.app.log)
    assert client.query("select count(*) from sales where sales_order_number = 'SO30'") == [(0,)]
