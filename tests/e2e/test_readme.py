"""The README's commands, run word for word against a running app."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.programs import ROOT
from tests.e2e.conftest import Client

COMMANDS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
POST_TWO, POST_RAW, TRY, DROP, READ, LOOK, LIST, TELL, MEND, PAGE = range(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a clone in which `up` runs."""
    made = tmp_path_factory.mktemp("clone")
    (made / "docs").symlink_to(ROOT / "docs")
    (made / ".venv" / "bin").mkdir(parents=True)
    (made / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (made / ".dev").mkdir()
    return made


def run(client: Client, folder: Path, command: str) -> str:
    endpoints = {"api": client.app.api, "storage_connection_string": client.app.storage_connection_string}
    (folder / ".dev" / "endpoints.json").write_text(json.dumps(endpoints))
    shown = command.replace("http://127.0.0.1:7071", client.app.api)
    assert shown != command or "endpoints.json" in command
    # The interpreter is a link, which alone does not find the packages of its environment.
    environment = {**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        ["bash", "-euc", shown], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_has_the_commands_that_are_tested_here() -> None:
    assert len(COMMANDS) == 10


def test_two_files_are_posted(client: Client, folder: Path) -> None:
    files = json.loads(run(client, folder, COMMANDS[POST_TWO]))["files"]
    assert [file["filename"] for file in files] == ["june.csv", "july.csv"]
    assert [client.settled(file["ingestion_id"])["counts"]["inserted"] for file in files] == [12, 8]


def test_a_raw_body_is_the_same_ingestion(client: Client, folder: Path) -> None:
    (file,) = json.loads(run(client, folder, COMMANDS[POST_RAW]))["files"]
    assert client.settled(file["ingestion_id"])["attempts"] == 1


def test_a_file_is_tried(client: Client, folder: Path) -> None:
    (file,) = json.loads(run(client, folder, COMMANDS[TRY]))["files"]
    types = {column["name"]: column["type"] for column in file["columns"]}
    assert file["would_be"] == "loaded"
    assert types == {
        "visit": "bigint",
        "at": "timestamp",
        "page": "text",
        "seconds": "numeric",
        "code": "text",
    }


def test_a_blob_is_dropped(client: Client, folder: Path) -> None:
    run(client, folder, COMMANDS[DROP])
    client.app.wait_for(
        lambda: client.query("select 1 from sales where sales_order_number = 'SO90000'") == [(1,)]
    )


def test_the_first_rows_are_read(client: Client, folder: Path) -> None:
    rows = json.loads(run(client, folder, COMMANDS[READ]))
    assert len(rows) == 10
    assert rows[0]["sales_order_number"] in {"SO70001", "SO70101"}


def test_an_ingestion_is_looked_at(client: Client, folder: Path) -> None:
    found = json.loads(run(client, folder, COMMANDS[LOOK]))
    assert (found["state"], found["filename"]) == ("loaded", "july.csv")


def test_the_datasets_are_listed(client: Client, folder: Path) -> None:
    (sales,) = json.loads(run(client, folder, COMMANDS[LIST]))["datasets"]
    assert (sales["name"], sales["last_load"]["filename"]) == ("sales", "june-with-a-bell.csv")


def test_a_file_is_told_about(client: Client, folder: Path) -> None:
    answer = json.loads(run(client, folder, COMMANDS[TELL]))
    assert answer["told"] == {"delimiter": ";", "decimal": ","}
    assert client.settled(answer["files"][0]["ingestion_id"])["filename"] == "bells.csv"


def test_rejects_are_mended(client: Client, folder: Path) -> None:
    (file,) = json.loads(run(client, folder, COMMANDS[MEND]))["files"]
    assert (file["state"], file["counts"]["inserted"]) == ("loaded", 1)
    assert file["first_rows"][0]["sales_order_line_number"] == 9
    corrected = client.http.get(f"/api/ingestions/{file['corrects']}").json()
    assert (corrected["counts"]["rejected"], corrected["filename"]) == (1, "june-with-a-fault.csv")


def test_rows_are_read_by_page(client: Client, folder: Path) -> None:
    answers = run(client, folder, COMMANDS[PAGE])
    page, end = json.JSONDecoder().raw_decode(answers)
    assert len(page["rows"]) == 5
    assert page["next"]
    heading, newest, *_ = answers[end:].splitlines()
    assert heading.startswith("sales_order_number,sales_order_line_number,")
    assert newest.startswith("SO70001,9,2024-06-01")
