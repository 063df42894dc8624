"""Under the local host a function sees, and its caller gets, what the worker makes of the same input."""

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from dev.azurite import Azurite
from dev.paths import ROOT
from tests.conformance.cases import INVOKED
from tests.conformance.http_cases import ANSWERS, REQUESTS, HttpCase
from tests.e2e.host.running_host import Answer, RunningHost, encoded

TRIGGERED = ("client", "stream", "content", "message", "text", "timer")
# What the HTTP client of the test adds by itself.
CLIENTS_OWN = ("host", "accept-encoding", "content-length")


@dataclass(frozen=True)
class Sides:
    """The results of the same calls in the worker and in the local host."""

    host: RunningHost
    worker: dict[str, dict[str, Any]]
    worker_records: Path
    host_records: Path

    def records(self, name: str) -> tuple[Any, Any]:
        """What a function recorded on either side."""
        assert "failed" not in self.worker[name], self.worker[name]
        expected = json.loads((self.worker_records / f"{name}.json").read_text())
        path = self.host_records / f"{name}.json"
        self.host.wait_for(lambda: path.exists() and path.read_text())
        return expected, json.loads(path.read_text())


@pytest.fixture(scope="module")
def sides(python_3_13: str, azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    name, folder = f"conformance-{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("app")
    ours, theirs = tmp_path_factory.mktemp("ours"), tmp_path_factory.mktemp("theirs")
    settings = {
        "AzureWebJobsStorage": azurite.connection_string,
        "DATA": azurite.connection_string,
        "CONTAINER": name,
        "QUEUE": name,
        "AzureFunctionsWebHost__hostid": name[:30],
        "RECORDS": str(ours),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    host = RunningHost(folder, INVOKED, settings, "--scan-seconds", "0.1")
    host.python = python_3_13
    host.start()
    try:
        send(azurite, name)
        questions = {**triggers(azurite, name), **{case: http(REQUESTS[case], host) for case in REQUESTS}}
        questions |= {f"answer {what}": http(answer_case(what), host) for what in ANSWERS}
        worker = subprocess.run(
            [python_3_13, "-m", "tests.conformance.worker", "invoke", str(folder)],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, **settings, "RECORDS": str(theirs)},
        )
        assert worker.returncode == 0, worker.stderr
        yield Sides(host, json.loads(worker.stdout), theirs, ours)
    finally:
        host.stop()


def send(azurite: Azurite, name: str) -> None:
    """Give the host what its triggers wait for."""
    with BlobServiceClient.from_connection_string(azurite.connection_string) as account:
        container = account.create_container(name)
        for blob in ("client-é.csv", "stream-é.csv", "bytes-é.csv"):
            container.upload_blob(blob, b"a,b\n1,2\n", metadata={"k": "v"})
    with QueueServiceClient.from_connection_string(azurite.connection_string) as account:
        account.create_queue(name).send_message(encoded('{"a": "é"}'))
        account.create_queue(f"{name}-text").send_message(encoded("plain é"))


def triggers(azurite: Azurite, name: str) -> dict[str, dict[str, Any]]:
    """The same inputs in the form that the real host sends to the worker."""
    reference = {"Connection": "DATA", "ContainerName": name, "BlobName": "client-é.csv"}
    moment = '"2026-03-04T05:06:07+00:00"'
    blob_metadata = {
        "BlobTrigger": {"string": f"{name}/stream-é.csv"},
        "Uri": {"json": json.dumps(f"http://127.0.0.1/devstoreaccount1/{name}/stream-%C3%A9.csv")},
        "Properties": {"json": '{"ContentLength": 8}'},
        "Metadata": {"json": '{"k": "v"}'},
    }
    queue_metadata = {
        "Id": {"string": "1"},
        "DequeueCount": {"json": "1"},
        "PopReceipt": {"string": "receipt"},
        "InsertionTime": {"json": moment},
        "ExpirationTime": {"json": '"2026-03-11T05:06:07+00:00"'},
        "NextVisibleTime": {"json": moment},
    }
    binding = {"version": "1.0", "source": "AzureStorageBlobs", "content_type": "application/json"}
    status = '{"Last": "", "Next": "", "LastUpdated": ""}'
    timer = {
        "json": f'{{"Schedule": {{"AdjustForDST": true}}, "ScheduleStatus": {status}, "IsPastDue": false}}'
    }
    content = {"bytes": "a,b\n1,2\n"}
    inputs: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "client": ("client", {"model_binding_data": {**binding, "content": json.dumps(reference)}}, {}),
        "stream": ("data", content, blob_metadata),
        "content": ("data", content, {}),
        "message": ("message", {"string": '{"a": "é"}'}, queue_metadata),
        "text": ("message", {"string": "plain é"}, queue_metadata),
        "timer": ("timer", timer, {}),
        "returning": ("timer", timer, {}),
    }
    return {
        function: {"function": function, "parameter": parameter, "data": data, "metadata": metadata}
        for function, (parameter, data, metadata) in inputs.items()
    }


def http(case: HttpCase, host: RunningHost) -> dict[str, Any]:
    """A request in the form that the real host sends to the worker."""
    request = {
        "method": case.method,
        "url": f"http://127.0.0.1:{host.port}{case.path}",
        "headers": {name.lower(): value for name, value in case.headers.items()},
        "query": case.query,
        "params": case.route,
        "body": case.body.decode("latin-1"),
    }
    return {"function": case.function, "parameter": "req", "data": {"http": request}}


def answer_case(what: str) -> HttpCase:
    return HttpCase(function="answers", path=f"/api/answers/{what}", route={"what": what})


def ask(host: RunningHost, case: HttpCase) -> Answer:
    return host.ask(case.method, case.path, case.body or None, case.headers)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_function_sees_the_same_request(sides: Sides, name: str) -> None:
    expected = json.loads(sides.worker[name]["body"])
    seen = ask(sides.host, REQUESTS[name]).json
    if isinstance(seen, dict):
        seen["headers"] = [header for header in seen["headers"] if header[0] not in CLIENTS_OWN]
    assert seen == expected


@pytest.mark.parametrize("what", ANSWERS)
def test_a_caller_gets_the_same_answer(sides: Sides, what: str) -> None:
    expected = sides.worker[f"answer {what}"]
    answer = ask(sides.host, answer_case(what))
    if "failed" in expected:  # the real host answers a failure with an empty 500
        assert (answer.status, answer.body) == (500, b"")
    elif "text" in expected:
        assert (answer.status, answer.body.decode()) == (200, expected["text"])
    else:
        assert (answer.status, answer.body.decode("latin-1")) == (expected["status"], expected["body"])
        headers = {name.lower(): value for name, value in expected["headers"].items()}
        assert headers.items() <= answer.headers.items()


@pytest.mark.parametrize("name", TRIGGERED)
def test_a_function_gets_the_same_argument(sides: Sides, name: str) -> None:
    expected, seen = sides.records(name)
    assert seen == expected


def test_a_value_without_a_binding_for_it_is_a_failure(sides: Sides) -> None:
    assert "without a $return binding" in sides.worker["returning"]["failed"]
    sides.host.wait_for(lambda: "Executed 'Functions.returning' (Failed" in sides.host.log)
