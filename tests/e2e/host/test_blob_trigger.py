"""Blob triggers under the bundled host: receipts, the internal queue, retries, poison, Event Grid."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from tests.e2e.host.conftest import MakeHost, unique
from tests.e2e.host.running import RunningHost, decoded

APP = """
@app.blob_trigger("client", "%POLLED%/{name}", "DATA")
def load(client: blob.BlobClient, context: func.Context) -> None:
    record(function="load", blob=client.blob_name, container=client.container_name,
           etag=client.get_blob_properties().etag)
    if "held" in client.blob_name:
        time.sleep(1)
    if "bad" in client.blob_name:
        raise ValueError("no good")

@app.blob_trigger("data", "%POLLED%/streams/{name}.txt", "DATA")
def stream(data: func.InputStream) -> None:
    record(function="stream", name=data.name, length=data.length, uri=data.uri, text=data.read().decode(),
           metadata=data.metadata)

@app.blob_trigger("client", "%EVENTS%/{name}", "DATA", source=func.BlobSource.EVENT_GRID)
def told(client: blob.BlobClient) -> None:
    record(function="told", container=client.container_name, blob=client.blob_name)
"""
HOOK = "/runtime/webhooks/blobs?functionName=Host.Functions.{}&code=x"


@dataclass(frozen=True)
class Scene:
    """A host, and the container that it polls."""

    host: RunningHost
    container: ContainerClient
    host_id: str


@pytest.fixture(scope="module")
def scene(make_host: MakeHost, blobs: BlobServiceClient) -> Iterator[Scene]:
    polled, events = unique("polled"), unique("events")
    settings = {
        "POLLED": polled,
        "EVENTS": events,
        "AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism": "2",
    }
    host = make_host(APP, settings).start()
    with blobs.create_container(polled) as container:
        yield Scene(host, container, host.settings["AzureFunctionsWebHost__hostid"])


def poison_of(queues: QueueServiceClient, blob: str) -> list[dict[str, str]]:
    """The poison messages about a blob."""
    with queues.get_queue_client("webjobs-blobtrigger-poison") as queue:
        try:
            found = [decoded(message.content) for message in queue.peek_messages(32)]
        except ResourceNotFoundError:
            return []
    return [body for body in found if body["BlobName"] == blob]


def receipts_of(blobs: BlobServiceClient, scene: Scene, function: str, blob: str) -> list[str]:
    """The receipts of a blob's versions."""
    prefix = f"blobreceipts/{scene.host_id}/Host.Functions.{function}/"
    with blobs.get_container_client("azure-webjobs-hosts") as container:
        names = list(container.list_blob_names(name_starts_with=prefix))
    return [name for name in names if name.endswith(f"/{scene.container.container_name}/{blob}")]


def test_a_new_blob_runs_its_function_and_leaves_a_receipt_by_etag(
    scene: Scene, blobs: BlobServiceClient
) -> None:
    etag = scene.container.upload_blob("folder/a.csv", b"1").get_blob_properties().etag
    (facts,) = scene.host.wait_for(lambda: scene.host.records(function="load", blob="folder/a.csv"))
    assert facts["container"] == scene.container.container_name
    path = f"Host.Functions.load/{etag}/{scene.container.container_name}/folder/a.csv"
    assert receipts_of(blobs, scene, "load", "folder/a.csv") == [f"blobreceipts/{scene.host_id}/{path}"]
    assert etag.startswith('"')


def test_a_new_version_runs_again_and_the_same_does_not(scene: Scene, blobs: BlobServiceClient) -> None:
    scene.container.upload_blob("twice.csv", b"1")
    scene.host.wait_for(lambda: scene.host.records(blob="twice.csv"))
    scene.container.upload_blob("twice.csv", b"2", overwrite=True)
    first, second = scene.host.wait_for(
        lambda: scene.host.records(blob="twice.csv")[1:] and records(scene, "twice.csv")
    )
    assert first["etag"] != second["etag"]
    assert len(receipts_of(blobs, scene, "load", "twice.csv")) == 2


def records(scene: Scene, blob: str) -> list[dict[str, str]]:
    """What `load` recorded of a blob."""
    return scene.host.records(function="load", blob=blob)


def test_a_failing_blob_is_tried_five_times_at_once_and_becomes_poison(
    scene: Scene, queues: QueueServiceClient
) -> None:
    etag = scene.container.upload_blob("bad.csv", b"1").get_blob_properties().etag
    (body,) = scene.host.wait_for(lambda: poison_of(queues, "bad.csv"))
    assert body == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.load",
        "BlobType": "BlockBlob",
        "ContainerName": scene.container.container_name,
        "BlobName": "bad.csv",
        "ETag": etag,
    }
    assert len(records(scene, "bad.csv")) == 5


def test_an_input_stream_holds_content_and_facts(scene: Scene) -> None:
    scene.container.upload_blob("streams/s.txt", "hé".encode(), metadata={"k": "v"})
    (facts,) = scene.host.wait_for(lambda: scene.host.records(function="stream"))
    place = f"{scene.container.container_name}/streams/s.txt"
    assert (facts["name"], facts["text"], facts["length"]) == (place, "hé", 3)
    assert facts["uri"].endswith(place)
    assert facts["metadata"] == {"k": "v"}


def test_a_blob_that_changes_or_goes_before_its_turn_is_dropped(scene: Scene) -> None:
    for name in ("held-1", "held-2"):  # both places are taken for a second
        scene.container.upload_blob(name, b"1")
    scene.host.wait_for(lambda: len(records(scene, "held-1") + records(scene, "held-2")) == 2)
    scene.container.upload_blob("changing.csv", b"1")
    scene.container.upload_blob("going.csv", b"1")
    scene.host.wait_for(lambda: queued(scene, "changing.csv") and queued(scene, "going.csv"))
    etag = scene.container.upload_blob("changing.csv", b"2", overwrite=True).get_blob_properties().etag
    scene.container.delete_blob("going.csv")
    scene.host.wait_for(lambda: "going.csv was deleted before load ran: dropped" in scene.host.log)
    scene.host.wait_for(lambda: "changing.csv was replaced before load ran" in scene.host.log)
    scene.host.wait_for(lambda: records(scene, "changing.csv"))
    assert [facts["etag"] for facts in records(scene, "changing.csv")] == [etag]
    assert records(scene, "going.csv") == []


def queued(scene: Scene, blob: str) -> bool:
    """Tell whether a complete receipt of the blob exists."""
    with BlobServiceClient.from_connection_string(scene.host.settings["DATA"]) as account:
        return bool(receipts_of(account, scene, "load", blob))


def test_event_grid_events_run_the_function_duplicates_and_foreign_blobs_too(
    scene: Scene, blobs: BlobServiceClient
) -> None:
    foreign = scene.container.upload_blob("foreign é.csv", b"1")
    scene.host.wait_for(lambda: records(scene, "foreign é.csv"))
    event = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": "…",
        "data": {"url": foreign.url, "eTag": "0x1", "blobType": "BlockBlob"},
    }
    other = {"eventType": "Microsoft.Storage.BlobDeleted", "data": {"url": foreign.url}}
    body = json.dumps([event, event, other]).encode()
    assert scene.host.ask("POST", HOOK.format("told"), body).status == 202
    scene.host.wait_for(lambda: len(scene.host.records(function="told", blob="foreign é.csv")) == 2)
    assert receipts_of(blobs, scene, "told", "foreign é.csv") == []


def test_a_new_event_grid_subscription_shakes_hands(scene: Scene) -> None:
    event = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }
    answer = scene.host.ask("POST", HOOK.format("told"), json.dumps([event]).encode())
    assert (answer.status, answer.json) == (200, {"validationResponse": "512d38b6"})


def test_the_webhook_refuses_what_it_does_not_know(scene: Scene) -> None:
    assert scene.host.ask("POST", HOOK.format("load"), b"[]").status == 404
    assert scene.host.ask("POST", HOOK.format("told"), b"no json").status == 400


def test_a_function_can_be_run_by_hand_for_a_blob(scene: Scene) -> None:
    scene.container.upload_blob("by-hand.csv", b"1")
    scene.host.wait_for(lambda: records(scene, "by-hand.csv"))
    place = f"{scene.container.container_name}/by-hand.csv"
    answer = scene.host.ask("POST", "/admin/functions/load", json.dumps({"input": place}).encode())
    assert answer.status == 202
    scene.host.wait_for(lambda: len(records(scene, "by-hand.csv")) == 2)
