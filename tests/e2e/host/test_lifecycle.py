"""Start and stop of the local host: invalid apps, signals, crashes, unavailable storage."""

import signal
import socket
import threading
import time
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from dev.azurite import KEY, Azurite
from tests.e2e.host.conftest import MakeHost, unique

LOADING = """
@app.blob_trigger("client", "%BLOBS%/{name}", "DATA")
def load(client: blob.BlobClient) -> None:
    record(function="load", blob=client.blob_name, process=os.getpid())
    time.sleep(float(os.environ.get("SLEEP", "0")))
    record(function="loaded", blob=client.blob_name)

@app.route("slow")
def slow(req: func.HttpRequest) -> func.HttpResponse:
    record(function="slow")
    time.sleep(1)
    return func.HttpResponse("slept")
"""
HTTP = '\n@app.route("x")\ndef x(req: func.HttpRequest) -> func.HttpResponse: ...\n'


def test_a_running_function_ends_before_the_host_does(make_host: MakeHost, blobs: BlobServiceClient) -> None:
    name = unique("ending")
    host = make_host(LOADING, {"BLOBS": name, "SLEEP": "1"}).start()
    answers: list[bytes] = []
    with blobs.create_container(name) as container:
        container.upload_blob("a.csv", b"1")
        host.wait_for(lambda: host.records(function="load"))
    asking = threading.Thread(target=lambda: answers.append(host.ask("GET", "/api/slow").body))
    asking.start()
    host.wait_for(lambda: host.records(function="slow"))
    assert host.stop(signal.SIGTERM) == 0
    asking.join()
    assert answers == [b"slept"]
    assert host.records(function="loaded")
    assert host.log.rstrip().endswith("stopped")
    with pytest.raises(ConnectionRefusedError):
        host.ask("GET", "/")


def test_a_stopping_host_begins_no_other_blob(make_host: MakeHost, blobs: BlobServiceClient) -> None:
    one_at_a_time = {"AzureFunctionsJobHost__extensions__blobs__maxDegreeOfParallelism": "1"}
    host = make_host(LOADING, {"BLOBS": unique("waiting"), "SLEEP": "1", **one_at_a_time})
    with blobs.create_container(host.settings["BLOBS"]) as container:
        for name in "abc":
            container.upload_blob(name, b"1")
    host.start()
    host.wait_for(lambda: host.records(function="load"))
    time.sleep(0.3)  # the others stay on the queue: a batch has one message
    assert host.stop(signal.SIGTERM) == 0
    assert len(host.records(function="load")) == len(host.records(function="loaded")) == 1
    host.settings["SLEEP"] = "0"
    host.start()
    host.wait_for(lambda: len(host.records(function="loaded")) == 3)
    assert len(host.records(function="load")) == 3


def test_a_killed_hosts_message_becomes_visible_after_its_visibility_time(
    make_host: MakeHost, blobs: BlobServiceClient
) -> None:
    name = unique("killed")
    host = make_host(LOADING, {"BLOBS": name, "SLEEP": "30"}).start()
    with blobs.create_container(name) as container:
        container.upload_blob("a.csv", b"1")
    host.wait_for(lambda: host.records(function="load"))
    time.sleep(2.2)  # longer than the visibility time, which is renewed: no other try begins
    assert len(host.records(function="load")) == 1
    assert host.process is not None
    host.process.kill()
    host.process.wait()
    host.settings["SLEEP"] = "0"
    host.start()
    host.wait_for(lambda: host.records(function="loaded"))
    first, second = host.records(function="load")
    assert first["process"] != second["process"]


def test_the_host_serves_without_storage_and_recovers_with_it(make_host: MakeHost, tmp_path: Path) -> None:
    azurite = Azurite(tmp_path)
    azurite.start()
    with BlobServiceClient.from_connection_string(azurite.connection_string) as account:
        container = account.create_container("late")
        for number in range(20):
            container.upload_blob(f"{number}.csv", b"1")
    azurite.stop()
    settings = {
        "BLOBS": "late",
        "DATA": azurite.connection_string,
        "AzureWebJobsStorage": azurite.connection_string,
    }
    began = time.monotonic()
    host = make_host(LOADING, settings).start()
    host.wait_for(lambda: "retrying" in host.log)
    assert host.ask("GET", "/").status == 200
    azurite.start()
    try:
        # The first scan finds many blobs, and neither the receipts' container nor the queue exists yet.
        host.wait_for(lambda: len(host.records(function="loaded")) == 20)
        assert len(host.records(function="load")) == 20
        # But for connections: Azurite's service for queues may begin to listen after that for blobs.
        failures = [line for line in host.log.splitlines() if "queueing a blob failed" in line]
        assert all("NewConnectionError" in line for line in failures)
        assert "is available again" in host.log
        # The scan and the queue each fail ten times a second, and say so every five.
        assert host.log.count("retrying") - len(failures) <= 2 * (1 + (time.monotonic() - began) // 5)
        assert KEY not in host.log
        assert host.stop() == 0
    finally:
        azurite.stop()


def test_fifty_blobs_at_once_run_once_each(make_host: MakeHost, blobs: BlobServiceClient) -> None:
    name = unique("fifty")
    with blobs.create_container(name) as container:
        for number in range(50):
            container.upload_blob(f"{number}.csv", b"1")
    host = make_host(LOADING, {"BLOBS": name}).start()
    host.wait_for(lambda: len(host.records(function="loaded")) == 50)
    assert len({facts["blob"] for facts in host.records(function="load")}) == 50
    assert len(host.records(function="load")) == 50


def test_a_function_over_its_timeout_is_reported_and_continues(make_host: MakeHost) -> None:
    limit = {"BLOBS": unique("over"), "AzureFunctionsJobHost__functionTimeout": "00:00:01"}
    host = make_host(LOADING.replace("sleep(1)", "sleep(2)"), limit).start()
    assert host.ask("GET", "/api/slow").body == b"slept"
    assert host.log.count("runs longer than the functionTimeout of 1s") == 1


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("import nothing_of_the_kind", "No module named 'nothing_of_the_kind'"),
        ("raise SystemExit(0)", "SystemExit"),
        (HTTP + HTTP, "Function x does not have a unique function name"),
        (
            '@app.blob_trigger("c", "%UNSET%/{n}", "DATA")\ndef load(c: blob.BlobClient): ...',
            "cannot load the load function: '%UNSET%' does not resolve to a value",
        ),
        (
            '@app.queue_trigger("m", "q", "UNSET")\ndef take(m: func.QueueMessage): ...',
            "cannot load the take function: the setting UNSET is not set",
        ),
    ],
)
def test_an_app_that_cannot_run_is_an_error_message_and_exit_code_1(
    make_host: MakeHost, code: str, complaint: str
) -> None:
    host = make_host(code)
    assert host.launch().wait(timeout=15) == 1
    assert complaint in host.log
    assert "0 functions loaded" in host.log


def test_a_port_in_use_is_an_error_message(make_host: MakeHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = make_host(HTTP)
        host.port = taken.getsockname()[1]
        assert host.launch().wait(timeout=15) == 1
        assert f"cannot listen on 127.0.0.1:{host.port}" in host.log
