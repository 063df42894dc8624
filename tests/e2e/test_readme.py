"""Runs the commands of the Markdown pages, unchanged, against a running app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dev.paths import ROOT
from tests.e2e.conftest import Client
from tests.fixtures.pages import contributors_pages, every_page

Check = Callable[[Client, str], None]

PAGES = [*every_page(), *contributors_pages()]
COMMANDS = {page.path: page.code("sh") for page in PAGES if page.code("sh")}
VARIABLES = ".variables"
"""The file that passes shell variables from one block to the next one of its page."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a clone in which `python3 dev up` runs."""
    clone = tmp_path_factory.mktemp("clone")
    (clone / "docs").symlink_to(ROOT / "docs")
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / ".dev").mkdir()
    return clone


def run(client: Client, folder: Path, command: str) -> str:
    """Run one block with the variables of the blocks before it; return its output."""
    endpoints = {"api": client.app.api, "storage_connection_string": client.app.storage_connection_string}
    (folder / ".dev" / "endpoints.json").write_text(json.dumps(endpoints))
    (folder / VARIABLES).touch()
    local_command = command.replace("http://127.0.0.1:7071", client.app.api)
    program = f'. ./{VARIABLES}\n{local_command}\n[ -z "${{id-}}" ] || declare -p id > {VARIABLES}\n'
    # The interpreter is a symbolic link and does not find the packages of its environment.
    environment = {**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))}
    completed = subprocess.run(
        ["bash", "-euc", program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 0, f"{command}\n{completed.stdout}\n{completed.stderr}"
    return completed.stdout


def files(output: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(output)["files"]
    return found


def two_files_are_loaded(client: Client, output: str) -> None:
    posted = files(output)
    assert [file["filename"] for file in posted] == ["june.csv", "july.csv"]
    assert [client.wait_for_result(file["ingestion_id"])["counts"]["inserted"] for file in posted] == [12, 8]


def two_files_are_not_loaded_again(client: Client, output: str) -> None:
    posted = files(output)
    assert [file["filename"] for file in posted] == ["june.csv", "july.csv"]
    assert {client.wait_for_result(file["ingestion_id"])["attempts"] for file in posted} == {1}


def an_uploaded_blob_creates_its_table(client: Client, output: str) -> None:
    client.app.wait_for(lambda: newest(client, "clicks")["state"] == "loaded")
    assert client.query("select code from clicks order by visit limit 1") == [("007",)]


def five_rows_are_read(client: Client, output: str) -> None:
    page = json.loads(output)
    assert len(page["rows"]) == 5
    assert page["next"]


def a_file_is_previewed(client: Client, output: str) -> None:
    (file,) = files(output)
    types = {column["name"]: column["type"] for column in file["columns"]}
    assert file["would_be"] == "loaded"
    assert types == {
        "visit": "bigint",
        "at": "timestamp",
        "page": "text",
        "seconds": "numeric",
        "code": "text",
    }


def a_file_is_loaded(client: Client, output: str) -> None:
    (file,) = files(output)
    assert (file["state"], file["counts"]["rejected"]) == ("loaded", 0)
    assert file["first_rows"]


def rows_pass_the_filter(client: Client, output: str) -> None:
    rows = json.loads(output)["rows"]
    assert sorted(row["seconds"] for row in rows) == [3, 12.5]


def one_row_is_rejected(client: Client, output: str) -> None:
    (file,) = files(output)
    assert (file["state"], file["counts"]["rejected"]) == ("loaded", 1)


def the_reject_has_its_line_and_reason(client: Client, output: str) -> None:
    heading, row = output.splitlines()
    assert heading.endswith(",_line,_errors")
    assert row.startswith("SO60001,2,June 1st,")


def a_row_is_corrected(filename: str, order: str) -> Check:
    """Return a check that the correction of a row of `filename` was loaded."""

    def check(client: Client, output: str) -> None:
        (file,) = files(output)
        assert (file["state"], file["counts"]["read"], file["counts"]["rejected"]) == ("loaded", 1, 0)
        assert file["first_rows"][0]["sales_order_number"] == order
        corrected = client.http.get(f"/api/ingestions/{file['corrects']}").json()
        assert (corrected["counts"]["rejected"], corrected["filename"]) == (1, filename)

    return check


def the_load_is_undone(client: Client, output: str) -> None:
    entry = json.loads(output)
    assert entry["state"] == "undone"
    assert entry["undone"]["rows_removed"] == 11


def a_raw_body_is_the_same_ingestion(client: Client, output: str) -> None:
    (file,) = files(output)
    assert client.wait_for_result(file["ingestion_id"])["attempts"] == 1


def a_finished_ingestion_is_returned(client: Client, output: str) -> None:
    (file,) = files(output)
    assert (file["state"], len(file["first_rows"])) == ("loaded", 8)


def an_ingestion_is_found(client: Client, output: str) -> None:
    found = json.loads(output)
    assert (found["state"], found["filename"]) == ("loaded", "july.csv")


def finished_ingestions_are_listed(client: Client, output: str) -> None:
    found = json.loads(output)["ingestions"]
    assert "loaded" in {one["state"] for one in found} <= {"loaded", "refused"}
    assert {one["dataset"] for one in found} == {"sales"}


def a_blob_is_read_with_its_options(client: Client, output: str) -> None:
    client.app.wait_for(
        lambda: client.query("select unit_price from sales where sales_order_number = 'SO90000'")
    )
    ((price,),) = client.query("select unit_price from sales where sales_order_number = 'SO90000'")
    assert str(price).rstrip("0") == "9.99"


def an_upload_address_is_given(client: Client, output: str) -> None:
    assert json.loads(output)["headers"]["x-ms-blob-type"] == "BlockBlob"


def the_big_file_is_found(client: Client, output: str) -> None:
    client.app.wait_for(lambda: "sales/direct-" in newest(client, "sales")["blob"])


def a_file_is_read_with_its_options(client: Client, output: str) -> None:
    answer = json.loads(output)
    assert answer["told"] == {"delimiter": ";", "decimal": ","}
    assert client.wait_for_result(answer["files"][0]["ingestion_id"])["filename"] == "bells.csv"


def a_replay_is_requested(client: Client, output: str) -> None:
    assert json.loads(output)["state"] in {"received", "loading", "loaded"}


def the_datasets_are_listed(client: Client, output: str) -> None:
    found = {one["name"]: one for one in json.loads(output)["datasets"]}
    assert found["sales"]["key"] == ["sales_order_number", "sales_order_line_number"]
    assert found["sales"]["last_load"]["filename"] in {"june.csv", "july.csv"}


def parts_are_loaded(client: Client, output: str) -> None:
    a_file_is_loaded(client, output)
    columns = {one["name"]: one["type"] for one in client.http.get("/api/datasets/parts").json()["columns"]}
    assert columns == {"part_no": "bigint", "name": "text", "price": "numeric"}


def the_key_is_set(client: Client, output: str) -> None:
    assert json.loads(output)["key"] == ["part_no"]


def the_contract_is_a_module(client: Client, output: str) -> None:
    compile(output, "parts.py", "exec")
    assert 'key: ClassVar[tuple[str, ...]] = ("part_no",)' in output


def rows_are_read_by_page(client: Client, output: str) -> None:
    page, end = json.JSONDecoder().raw_decode(output)
    assert len(page["rows"]) == 5
    assert page["next"]
    heading, *rows = output[end:].splitlines()
    assert heading.startswith("sales_order_number,sales_order_line_number,")
    assert rows[0].startswith("SO90000,1,2024-06-30")  # loaded by the page before


def the_first_rows_are_read(client: Client, output: str) -> None:
    rows = json.loads(output)
    assert len(rows) == 10
    assert rows[0]["sales_order_number"] in {"SO70001", "SO70101"}


def a_row_is_written_read_and_deleted(client: Client, output: str) -> None:
    written, end = json.JSONDecoder().raw_decode(output)
    assert json.loads(output[end:]) == written
    assert written["unit_price"] == 9.99
    assert client.http.get("/api/read/sales/SO99001,1").status_code == 404


def newest(client: Client, dataset: str) -> dict[str, Any]:
    """The newest ingestion of `dataset`; without a state if there is none."""
    query = {"dataset": dataset, "limit": "1"}
    found: list[dict[str, Any]] = client.http.get("/api/ingestions", params=query).json()["ingestions"]
    return found[0] if found else {"state": None, "blob": ""}


CHECKS: dict[str, list[Check]] = {
    "README.md": [two_files_are_loaded, an_uploaded_blob_creates_its_table, five_rows_are_read],
    "docs/howto/big-files.md": [an_upload_address_is_given, the_big_file_is_found],
    "docs/howto/datasets.md": [
        the_datasets_are_listed,
        parts_are_loaded,
        the_key_is_set,
        the_contract_is_a_module,
    ],
    "docs/howto/file-formats.md": [a_file_is_read_with_its_options],
    "docs/howto/load-files.md": [
        two_files_are_not_loaded_again,
        a_raw_body_is_the_same_ingestion,
        a_finished_ingestion_is_returned,
        an_ingestion_is_found,
        finished_ingestions_are_listed,
        a_file_is_previewed,
        a_blob_is_read_with_its_options,
    ],
    "docs/howto/read-and-edit-rows.md": [
        rows_are_read_by_page,
        the_first_rows_are_read,
        a_row_is_written_read_and_deleted,
    ],
    "docs/howto/rejects-replay-undo.md": [
        a_row_is_corrected("june-wrong-date.csv", "SO80001"),
        a_replay_is_requested,
        the_load_is_undone,
    ],
    "docs/quickstart.md": [
        a_file_is_previewed,
        a_file_is_loaded,
        rows_pass_the_filter,
        one_row_is_rejected,
        the_reject_has_its_line_and_reason,
        a_row_is_corrected("june-with-error.csv", "SO60001"),
        the_load_is_undone,
    ],
}
"""The check of each block's output. The pages share one app and run in this order."""


def test_every_code_block_has_a_check() -> None:
    assert {page: len(blocks) for page, blocks in COMMANDS.items()} == {
        page: len(checks) for page, checks in CHECKS.items()
    }


@pytest.mark.parametrize("page", CHECKS)
def test_the_commands_of_a_page_do_what_it_says(client: Client, folder: Path, page: str) -> None:
    (folder / VARIABLES).unlink(missing_ok=True)
    for command, check in zip(COMMANDS[page], CHECKS[page], strict=True):
        check(client, run(client, folder, command))
