"""`python3 dev up`: start, addresses, stop, restart after a crash."""

import json
import os
import signal
import stat
import time
from http.client import HTTPConnection
from pathlib import Path

import psycopg2
from azure.storage.blob import BlobServiceClient

from dev.process import command_line
from tests.e2e.dev.conftest import Dev, endpoints, processes_on

SECOND_UP_SECONDS = 10


def health(port: str) -> int:
    connection = HTTPConnection("127.0.0.1", int(port), timeout=5)
    connection.request("GET", "/api/health")
    status = connection.getresponse().status
    connection.close()
    return status


def servers(data: Path) -> dict[str, int]:
    """Return the process numbers of the servers by name."""
    return {record.stem: json.loads(record.read_text())["pid"] for record in (data / "run").iterdir()}


def test_up_runs_the_app_until_sigterm_and_leaves_no_process(dev: Dev, port: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    up = dev("up", "--port", port, "--data", str(data))
    up.wait_until_ready()
    assert f"\nready http://127.0.0.1:{port}\n" in up.output  # the host's log follows

    assert health(port) == 200
    written = endpoints(data)
    assert written["api"] == f"http://127.0.0.1:{port}"
    assert written["database_url"] in up.output
    assert written["storage_connection_string"] in up.output
    assert stat.S_IMODE((data / "endpoints.json").stat().st_mode) == 0o600
    with BlobServiceClient.from_connection_string(written["storage_connection_string"]) as account:
        assert account.get_container_client("uploads").exists()
    pids = servers(data)
    assert set(pids) == {"postgres", "azurite", "host"}
    reset = dev("reset", "--yes", "--data", str(data))
    assert reset.wait() == 2
    assert "already runs" in reset.errors

    assert up.signal(signal.SIGTERM) == 0
    assert not [pid for pid in pids.values() if command_line(pid)]
    assert not (data / "endpoints.json").exists()
    assert processes_on(data) == []
    assert up.errors == ""


def test_a_second_up_starts_quickly_after_a_kill_and_keeps_the_data(
    dev: Dev, port: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    first = dev("up", "--port", port, "--data", str(data))
    first.wait_until_ready()
    connection = psycopg2.connect(endpoints(data)["database_url"])
    with connection, connection.cursor() as cursor:
        cursor.execute("create table kept (by text); insert into kept values ('the first run')")
    connection.close()
    first.signal(signal.SIGKILL)

    began = time.monotonic()
    second = dev("up", "--port", port, "--data", str(data))
    second.wait_until_ready()
    assert time.monotonic() - began < SECOND_UP_SECONDS
    connection = psycopg2.connect(endpoints(data)["database_url"])
    with connection.cursor() as cursor:
        cursor.execute("select by from kept")
        assert cursor.fetchall() == [("the first run",)]
    connection.close()
    assert second.signal(signal.SIGINT) == 0


def test_up_ends_with_the_name_and_the_log_of_a_server_that_died(dev: Dev, port: str, tmp_path: Path) -> None:
    up = dev("up", "--port", port, "--data", str(tmp_path / "data"))
    up.wait_until_ready()
    os.kill(servers(tmp_path / "data")["azurite"], signal.SIGKILL)
    assert up.wait() == 1
    assert "azurite ended" in up.errors
    assert processes_on(tmp_path / "data") == []
    assert not (tmp_path / "data" / "endpoints.json").exists()
