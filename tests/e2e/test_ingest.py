"""Uploads by HTTP and by blob, their results, and errors of requests."""

from __future__ import annotations

import io
import json
import re
import zipfile

import httpx
import pytest

from shared.storage.blob_version import BlobVersion
from tests.e2e.conftest import Client
from tests.fixtures.samples import csv, orders, row

PROBLEM = "application/problem+json"


def test_one_posted_file_is_loaded(client: Client) -> None:
    answer = client.post(("one.csv", orders(1000, 3)))

    assert answer.status_code == 202
    (file,) = answer.json()["files"]
    assert re.fullmatch(r"uploads/sales/[0-9a-f]{12}/one.csv", file["blob"])
    assert file["sha256"].startswith(file["blob"].split("/")[2])
    assert file["size"] == len(orders(1000, 3))
    assert file["status_url"] == f"{client.app.api}/api/ingestions/{file['ingestion_id']}"
    assert httpx.get(file["status_url"]).status_code == 200  # at once, before the trigger runs
    done = client.wait_for_result(file["ingestion_id"])
    assert (done["state"], done["attempts"], done["error"]) == ("loaded", 1, None)
    assert done["counts"] == {
        "read": 3,
        "inserted": 3,
        "updated": 0,
        "unchanged": 0,
        "duplicates_in_file": 0,
        "rejected": 0,
    }
    assert done["timings"]["load_milliseconds"] >= 0


def test_each_file_of_a_request_is_an_ingestion(client: Client) -> None:
    files = [(f"part {number}.csv", orders(2000 + 10 * number, 10)) for number in range(4)]

    answer = client.post(*files)

    ids = [file["ingestion_id"] for file in answer.json()["files"]]
    assert len(set(ids)) == 4
    assert [client.wait_for_result(one)["counts"]["inserted"] for one in ids] == [10] * 4


def test_a_repeated_request_changes_nothing(client: Client) -> None:
    first = client.post(("again.csv", orders(3000, 5))).json()["files"]
    client.wait_for_result(first[0]["ingestion_id"])
    before = client.query("select * from sales order by 1, 2"), client.blobs()

    second = client.post(("again.csv", orders(3000, 5)))

    assert (second.status_code, second.json()["files"]) == (202, first)
    client.wait_for_result(first[0]["ingestion_id"])
    assert (client.query("select * from sales order by 1, 2"), client.blobs()) == before


def test_a_file_can_be_the_request_body(client: Client) -> None:
    answer = client.http.post(
        "/api/ingest",
        params={"filename": "raw.csv", "dataset": "sales"},
        content=orders(4000, 2),
        headers={"content-type": "text/csv"},
    )

    assert answer.status_code == 202
    assert client.wait_for_result(answer.json()["files"][0]["ingestion_id"])["state"] == "loaded"


def test_upload_options_are_applied_and_returned(client: Client) -> None:
    content = orders(4500, 1).replace(b"Christy", "Łukasz".encode("cp1250"))

    answer = client.post(("options.csv", content), encoding="windows-1250")

    assert (answer.status_code, answer.json()["told"]) == (202, {"encoding": "cp1250"})
    assert client.wait_for_result(answer.json()["files"][0]["ingestion_id"])["state"] == "loaded"
    query = "select customer_name from sales where sales_order_number = 'SO4500'"
    assert client.query(query) == [("Łukasz Zhu",)]


def test_the_files_of_a_posted_archive_are_loaded(client: Client) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("first.csv", orders(4600, 2))
        archive.writestr("second.csv", b"Name\nx\n")

    answer = client.post(("both.zip", file.getvalue()))

    assert answer.status_code == 202
    done = client.wait_for_result(answer.json()["files"][0]["ingestion_id"])
    assert (done["state"], done["counts"]["inserted"]) == ("loaded", 2)
    first, second = done["members"]
    assert (first["member"], first["state"], first["counts"]["inserted"]) == ("first.csv", "loaded", 2)
    assert (second["member"], second["state"]) == ("second.csv", "refused")
    member = client.http.get(f"/api/ingestions/{second['id']}").json()
    assert (member["archive"], member["error"]["code"]) == (done["id"], "header_mismatch")


def test_a_blob_put_into_the_container_is_loaded(client: Client) -> None:
    blob = client.uploads.get_blob_client("sales/2026/dropped file.csv")
    etag = blob.upload_blob(orders(5000, 7))["etag"]

    ingestion_id = BlobVersion("uploads", "sales/2026/dropped file.csv", etag).ingestion_id
    done = client.wait_for_result(str(ingestion_id))

    assert (done["state"], done["counts"]["inserted"]) == ("loaded", 7)
    assert done["filename"] == "dropped file.csv"


def test_a_new_version_of_a_blob_is_loaded(client: Client) -> None:
    blob = client.uploads.get_blob_client("sales/versions.csv")
    for price in ("1", "2"):
        etag = blob.upload_blob(csv(row(6000, price=price)), overwrite=True)["etag"]
        version = BlobVersion("uploads", "sales/versions.csv", etag)
        assert client.wait_for_result(str(version.ingestion_id))["state"] == "loaded"
    assert [int(price) for (price,) in client.query(
        "select unit_price from sales where sales_order_number = 'SO6000'"
    )] == [2]  # fmt: skip


def test_a_file_with_another_header_is_refused_with_reasons(client: Client) -> None:
    answer = client.post(("bad.csv", b"Name,Amount\nx,1\n"))

    done = client.wait_for_result(answer.json()["files"][0]["ingestion_id"])
    assert (done["state"], done["error"]["code"]) == ("refused", "header_mismatch")
    assert done["error"]["found"] == ["Name", "Amount"]
    assert "sales_order_number" in done["error"]["missing"]


def test_the_first_chunk_is_in_load_order_with_exact_numbers(client: Client) -> None:
    answer = client.http.get("/api/read/first-chunk", params={"limit": 1000})
    rows = answer.json()
    everything = client.query("select sales_order_number from sales order by _load, _line")
    assert [one["sales_order_number"] for one in rows] == [number for (number,) in everything]
    assert len(client.http.get("/api/read/first-chunk").json()) == 10
    assert '"unit_price":3399.99,' in answer.text
    assert '"tax_amount":271.9992' in answer.text
    assert rows[0]["order_date"] == "2019-07-01T00:00:00"


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "%EF%BC%91", "99999999999999999999"])
def test_an_invalid_limit_is_a_problem(client: Client, limit: str) -> None:
    answer = client.http.get(f"/api/read/first-chunk?limit={limit}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert "limit" in answer.json()["detail"]


def test_unknown_ids_and_datasets_are_problems(client: Client) -> None:
    for path, status in (
        ("/api/ingestions/00000000-0000-0000-0000-000000000000", 404),
        ("/api/ingestions/none", 404),
        ("/api/read/first-chunk?dataset=nowhere", 400),
    ):
        answer = client.http.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
        assert answer.json().keys() == {"type", "title", "status", "detail"}


def test_every_fault_of_every_file_is_listed_and_nothing_is_stored(client: Client) -> None:
    before = client.blobs()

    answer = client.post(
        ("good.csv", orders(7000, 1)),
        ("empty.csv", b""),
        ("sheet.xlsx", b"PK"),
        dataset="No-Where",
        delimeter=";",
    )

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    errors = answer.json()["errors"]
    assert [error.get("file", error.get("parameter")) for error in errors] == [
        "delimeter",
        "dataset",
        "empty.csv",
        "sheet.xlsx",
    ]
    assert errors[1]["known"] == ["sales"]
    assert client.blobs() == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=XX"),
        (b"junk", "multipart/form-data; boundary=XX"),
        (b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\na,b', None),
        (b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\na\r\n--XX\r\n', None),
        (b'--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\na\r\n--XX--\r\n', None),
        (b"a,b\n", "multipart/form-data"),
        (b"a,b\n", "text/csv"),
        (b"a,b\n", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_a_body_without_usable_files_is_a_problem(
    client: Client, body: bytes, content_type: str | None
) -> None:
    before = client.blobs()
    headers = {"content-type": content_type or "multipart/form-data; boundary=XX"}

    answer = client.http.post("/api/ingest", content=body, headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.json()["detail"]
    assert client.blobs() == before


def test_a_chunked_body_does_not_count_as_an_empty_file(client: Client) -> None:
    answer = client.http.post(
        "/api/ingest?filename=a.csv", content=iter([b"a,b\n"]), headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 411


@pytest.mark.parametrize(
    "name",
    ["../../other/x.csv", "..\\..\\x.csv", "new\x01line.csv", "😀 sales.csv", "a b.csv", "n" * 296 + ".csv"],
)
def test_a_difficult_file_name_stays_in_its_folder_and_is_stored(client: Client, name: str) -> None:
    answer = client.http.post(
        "/api/ingest",
        params={"filename": name},
        content=orders(8000 + len(name) + ord(name[0]) % 89, 1),
        headers={"content-type": "text/csv"},
    )

    assert answer.status_code == 202
    (file,) = answer.json()["files"]
    assert re.fullmatch(r"uploads/sales/[0-9a-f]{12}/[\w.\-]{1,120}", file["blob"])
    assert file["filename"] == name
    assert client.wait_for_result(file["ingestion_id"])["filename"] == name


def test_health_lists_postgres_and_storage(client: Client) -> None:
    answer = client.http.get("/api/health")
    assert answer.status_code == 200
    assert [(part["part"], part["ok"]) for part in answer.json()["parts"]] == [
        ("postgres", True),
        ("storage", True),
    ]


def test_logs_have_one_line_per_stage_and_no_values(client: Client) -> None:
    done = client.post(("logged.csv", orders(9000, 3)))
    ingestion_id = done.json()["files"][0]["ingestion_id"]
    client.wait_for_result(ingestion_id)

    lines = [line for line in client.app.log.splitlines() if ingestion_id in line]
    for stage, rows in (("read", 3), ("validate", 3), ("copy", 3), ("record", 0)):
        stage_lines = [line for line in lines if f"stage {stage} " in line]
        assert len(stage_lines) == 1, stage
        assert "dataset=sales" in stage_lines[0]
        assert f"rows={rows} ms=" in stage_lines[0]
    assert "Christy" not in client.app.log
    assert "AccountKey" not in client.app.log
    assert json.dumps("SO9000") not in client.app.log
