"""Blob triggers under the local host: receipts, batches, retries, the poison queue, Event Grid."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from tests.e2e.host.conftest import MakeHost, unique
from tests.e2e.host.running_host import Answer, RunningHost

APP = """
@app.blob_trigger("client", "%POLLED%/{name}", "DATA")
def load(client: blob.BlobClient, context: func.Context) -> None:
    record(function="load", blob=client.blob_name, container=client.container_name,
           etag=client.get_blob_properties().etag, at=time.time())
    if "held" in client.blob_name:
        time.sleep(1)
        record(function="loaded", blob=client.blob_name, at=time.time())
    if "bad" in client.blob_name:
        raise ValueError("no good")

@app.blob_trigger("data", "%POLLED%/streams/{name}.txt", "DATA")
def stream(data: func.InputStream) -> None:
    record(function="stream", name=data.name, length=data.length, uri=data.uri, text=data.read().decode(),
           metadata=data.metadata)

@app.blob_trigger("client", "%EVENTS%/{name}", "DATA", source=func.BlobSource.EVENT_GRID)
def on_event(client: blob.BlobClient) -> None:
    record(function="on_event", container=client.container_name, blob=client.blob_name)
"""
JSON = {"Content-Type": "application/json"}
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


def poison_texts(queues: QueueServiceClient) -> list[str]:
    """Return the decoded texts of the poison messages."""
    with queues.get_queue_client("webjobs-blobtrigger-poison") as queue:
        try:
            return [base64.b64decode(message.content).decode() for message in queue.peek_messages(32)]
        except ResourceNotFoundError:
            return []


def poison_of(queues: QueueServiceClient, blob: str) -> list[dict[str, str]]:
    """Return the poison messages about a blob."""
    found = [json.loads(text) for text in poison_texts(queues)]
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


def test_a_failing_blob_is_tried_five_times_at_once_and_moved_to_the_poison_queue(
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
    (text,) = [text for text in poison_texts(queues) if "bad.csv" in text]
    assert text == json.dumps(body, indent=2)


def test_the_next_batch_begins_only_when_the_threshold_allows_it(scene: Scene) -> None:
    for name in ("batch-held", "batch-1", "batch-2"):
        scene.container.upload_blob(name, b"1")
        scene.host.wait_for(partial(queued, scene, name))
    scene.host.wait_for(lambda: records(scene, "batch-2"))
    ends = {one["blob"]: one["at"] for one in scene.host.records(function="loaded")}
    starts = {one["blob"]: one["at"] for one in scene.host.records(function="load")}
    # Two at once and a threshold of 0: at most one other blob runs beside the long one.
    assert starts["batch-2"] >= ends["batch-held"]


def test_a_blob_whose_name_has_a_newline_does_not_run_the_function(
    scene: Scene, blobs: BlobServiceClient
) -> None:
    scene.container.upload_blob("new\nline.csv", b"1")
    scene.container.upload_blob("after the newline.csv", b"1")
    scene.host.wait_for(lambda: records(scene, "after the newline.csv"))
    assert records(scene, "new\nline.csv") == []
    assert receipts_of(blobs, scene, "load", "new\nline.csv") == []


def test_an_input_stream_holds_content_and_facts(scene: Scene) -> None:
    scene.container.upload_blob("streams/s.txt", "hé".encode(), metadata={"k": "v"})
    (facts,) = scene.host.wait_for(lambda: scene.host.records(function="stream"))
    place = f"{scene.container.container_name}/streams/s.txt"
    assert (facts["name"], facts["text"], facts["length"]) == (place, "hé", 3)
    assert facts["uri"].endswith(place)
    assert facts["metadata"] == {"k": "v"}


def test_the_message_of_a_blob_that_was_overwritten_or_deleted_is_dropped(scene: Scene) -> None:
    for name in ("held-1", "held-2"):  # a batch of two, for a second
        scene.container.upload_blob(name, b"1")
    scene.host.wait_for(lambda: len(records(scene, "held-1") + records(scene, "held-2")) == 2)
    scene.container.upload_blob("changing.csv", b"1")
    scene.container.upload_blob("deleted.csv", b"1")
    scene.host.wait_for(lambda: queued(scene, "changing.csv") and queued(scene, "deleted.csv"))
    etag = scene.container.upload_blob("changing.csv", b"2", overwrite=True).get_blob_properties().etag
    scene.container.delete_blob("deleted.csv")
    scene.host.wait_for(lambda: "deleted.csv was deleted before load ran: dropped" in scene.host.log)
    scene.host.wait_for(lambda: "changing.csv was overwritten before load ran" in scene.host.log)
    scene.host.wait_for(lambda: records(scene, "changing.csv"))
    assert [facts["etag"] for facts in records(scene, "changing.csv")] == [etag]
    assert records(scene, "deleted.csv") == []


def queued(scene: Scene, blob: str) -> bool:
    """Return whether a complete receipt of the blob exists."""
    with BlobServiceClient.from_connection_string(scene.host.settings["DATA"]) as account:
        return bool(receipts_of(account, scene, "load", blob))


def post(scene: Scene, function: str, events: object, kind: str = "Notification") -> Answer:
    """Send events to the webhook as Event Grid does."""
    body = events if isinstance(events, bytes) else json.dumps(events).encode()
    return scene.host.ask("POST", HOOK.format(function), body, {"aeg-event-type": kind})


def event(url: str, kind: str = "Microsoft.Storage.BlobCreated") -> dict[str, Any]:
    return {
        "eventType": kind,
        "subject": "…",
        "data": {"url": url, "eTag": "0x1", "blobType": "BlockBlob"},
    }


def test_event_grid_events_run_the_function_also_duplicates_other_types_and_other_containers(
    scene: Scene, blobs: BlobServiceClient
) -> None:
    foreign = scene.container.upload_blob("foreign é.csv", b"1")
    scene.host.wait_for(lambda: records(scene, "foreign é.csv"))
    created, renamed = event(foreign.url), event(foreign.url, "Microsoft.Storage.BlobRenamed")
    assert post(scene, "on_event", [created, created, renamed]).status == 202
    scene.host.wait_for(lambda: len(scene.host.records(function="on_event", blob="foreign é.csv")) == 3)
    assert receipts_of(blobs, scene, "on_event", "foreign é.csv") == []


def test_a_new_event_grid_subscription_is_validated_by_a_handshake(scene: Scene) -> None:
    validation = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }
    answer = post(scene, "on_event", [validation], "SubscriptionValidation")
    assert (answer.status, answer.json) == (200, {"validationResponse": "512d38b6"})
    assert post(scene, "on_event", [validation], "Notification").status == 500


def test_the_webhook_needs_the_event_type_header_and_the_blob_type(scene: Scene) -> None:
    complete = event(f"{scene.container.url}/a.csv")
    for kind in ("", "Other"):
        answer = post(scene, "on_event", [complete], kind)
        assert (answer.status, answer.body) == (400, b"")
    del complete["data"]["blobType"]
    assert post(scene, "on_event", [complete]).status == 500
    assert post(scene, "on_event", b"no json").status == 400
    assert scene.host.records(function="on_event", blob="a.csv") == []


def test_events_for_a_function_without_an_event_grid_source_are_dropped(scene: Scene) -> None:
    for function in ("load", "nobody"):
        assert post(scene, function, [event(f"{scene.container.url}/a.csv")]).status == 202
        assert f"events for 'Host.Functions.{function}' were dropped" in scene.host.log


def test_a_function_can_be_run_manually_for_a_blob(scene: Scene) -> None:
    scene.container.upload_blob("manual.csv", b"1")
    scene.host.wait_for(lambda: records(scene, "manual.csv"))
    place = f"{scene.container.container_name}/manual.csv"
    answer = scene.host.ask("POST", "/admin/functions/load", json.dumps({"input": place}).encode(), JSON)
    assert answer.status == 202
    scene.host.wait_for(lambda: len(records(scene, "manual.csv")) == 2)
