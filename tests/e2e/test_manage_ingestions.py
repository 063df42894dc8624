"""Manage ingestions over HTTP: wait, correct rejects, undo, replay, upload big files."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from shared.http import dataset_models, ingestion_models, models, upload_models
from tests.e2e.conftest import Client
from tests.fixtures.samples import csv, orders, row

PROBLEM = "application/problem+json"


def post_and_wait(client: Client, name: str, content: bytes, **query: str) -> dict[str, Any]:
    """Post one file with `Prefer: wait`; return its entry."""
    answer = client.http.post(
        "/api/ingest",
        params=query,
        files=[("files", (name, content, "text/csv"))],
        headers={"prefer": "wait=25"},
    )
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=25")
    (file,) = answer.json()["files"]
    found: dict[str, Any] = file
    return found


def test_rejects_are_downloaded_corrected_and_loaded(client: Client) -> None:
    rows = [row(number, price="0.10") for number in range(1, 30)]
    bad = [row(90, quantity="many"), row(91, quantity='"a, few"')]
    first = post_and_wait(client, "june.csv", csv(*rows, *bad))
    assert (first["state"], first["counts"]["rejected"]) == ("loaded", 2)
    assert [one["sales_order_number"] for one in first["first_rows"]] == [f"SO{n}" for n in range(1, 11)]
    rejects = f"/api/ingestions/{first['id']}/rejects"

    page = client.http.get(rejects, params={"limit": 1}).json()
    rest = client.http.get(rejects, params={"after": page["next"]}).json()
    assert [one["line"] for one in page["rejects"] + rest["rejects"]] == [31, 32]
    assert rest["next"] is None
    file = client.http.get(rejects, headers={"accept": "text/csv"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="june.rejects.csv"' in file.headers["content-disposition"]
    corrected = file.headers["x-ingestion-corrects"]
    assert corrected == first["id"]

    corrections = file.text.replace("many", "2").replace('"a, few"', "3").encode()
    second = post_and_wait(client, "june.rejects.csv", corrections, corrects=corrected)

    assert (second["state"], second["counts"]["inserted"], second["corrects"]) == ("loaded", 2, corrected)
    assert client.http.get(f"/api/ingestions/{corrected}").json()["corrected_by"] == [second["id"]]
    listed = client.http.get("/api/ingestions", params={"dataset": "sales", "limit": 2}).json()["ingestions"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert "format" not in listed[0]


def test_warnings_are_in_the_result_and_in_the_ingestion(client: Client) -> None:
    waited = post_and_wait(client, "double.csv", orders(50_000, 2).replace(b"\n", b"\r\r\n"))

    assert [warning["code"] for warning in waited["warnings"]] == ["double_cr"]
    assert client.http.get(f"/api/ingestions/{waited['id']}").json()["warnings"] == waited["warnings"]


def test_a_file_of_rejects_can_be_read_in_parts(client: Client) -> None:
    entry = post_and_wait(client, "parts.csv", csv(*(row(700 + n, quantity="x") for n in range(3))))
    assert entry["state"] == "refused"
    lines: list[str] = []
    url: str | None = f"{client.app.api}/api/ingestions/{entry['id']}/rejects?limit=2"
    while url:
        answer = httpx.get(url, headers={"accept": "text/csv"})
        lines += answer.text.splitlines()[1:]
        url = answer.links["next"]["url"] if "link" in answer.headers else None
    assert [line.partition(",")[0] for line in lines] == ["SO700", "SO701", "SO702"]
    as_json = httpx.get(answer.url, headers={"accept": "text/csv;q=0.5, application/json"})
    assert as_json.headers["content-type"] == "application/json"


def test_a_load_is_undone_and_replayed(client: Client) -> None:
    entry = post_and_wait(client, "undo.csv", orders(20_000, 3))
    url = f"/api/ingestions/{entry['id']}"
    count = "select count(*) from sales where sales_order_number like 'SO2000%'"

    for _ in range(2):
        undone = client.http.delete(url)
        assert (undone.status_code, undone.json()["state"]) == (200, "undone")
        assert undone.json()["undone"]["rows_removed"] == 3
    assert client.query(count) == [(0,)]

    replayed = client.http.post(f"{url}/replay")
    assert (replayed.status_code, replayed.json()["state"]) == (202, "received")
    assert client.wait_for_result(entry["id"])["state"] == "loaded"
    assert client.query(count) == [(3,)]

    again = client.http.post(f"{url}/replay")
    assert again.status_code == 202
    client.app.wait_for(lambda: client.http.get(url).json()["timings"]["finished_at"])
    assert client.wait_for_result(entry["id"])["counts"]["inserted"] == 3
    assert client.query(count) == [(3,)]
    client.uploads.delete_blob(entry["blob"].partition("/")[2])
    assert client.http.post(f"{url}/replay").status_code == 410


def test_a_big_file_is_uploaded_to_storage(client: Client) -> None:
    content = orders(30_000, 5)
    announced = {"dataset": "sales", "filename": "big ü.csv", "size": len(content)}

    answer = client.http.post("/api/uploads", json=announced, params={"delimiter": "comma"})

    assert answer.status_code == 201
    upload = answer.json()
    assert client.http.get(upload["status_url"]).json() == {"ingestions": [], "next": None}
    put = httpx.request(upload["method"], upload["url"], content=content, headers=upload["headers"])
    assert put.status_code == 201
    done = client.app.wait_for(
        lambda: [
            one
            for one in client.http.get(upload["status_url"]).json()["ingestions"]
            if one["state"] == "loaded"
        ]
    )
    assert (done[0]["filename"], done[0]["counts"]["inserted"]) == ("big ü.csv", 5)
    assert done[0]["blob"] == upload["blob"]


def test_loads_are_counted_by_day(client: Client) -> None:
    post_and_wait(client, "day.csv", orders(40_000, 4))
    days = client.http.get("/api/datasets/sales/loads", params={"days": 2}).json()["days"]
    assert len(days) == 2
    assert days[-1]["rows"] >= 4
    assert days[-1]["ingestions"] >= 1


NOBODY = uuid.UUID(int=0)


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        (
            "GET",
            "ingestions?stat=loaded",
            400,
            "stat is not a parameter. Parameters: dataset, state, since",
        ),
        ("GET", "ingestions?state=loaded,gone", 400, "'gone'"),
        ("GET", "ingestions?since=2026-01-01", 400, "zone"),
        ("GET", "ingestions?blob=sales", 400, "container"),
        ("GET", "ingestions?dataset=%00", 400, "NUL"),
        ("GET", "ingestions?limit=0", 400, "limit"),
        ("GET", "ingestions?after=x", 400, "after"),
        ("GET", f"ingestions/{NOBODY}/rejects", 404, "no ingestion"),
        ("GET", f"ingestions/{NOBODY}/rejects?page=2", 400, "page"),
        ("DELETE", f"ingestions/{NOBODY}", 404, "no ingestion"),
        ("DELETE", "ingestions/x", 404, "UUID"),
        ("POST", f"ingestions/{NOBODY}/replay", 404, "no ingestion"),
        ("GET", "datasets/nothing/loads", 404, "nothing"),
        ("GET", "datasets/sales/loads?days=400", 400, "days"),
        ("POST", "uploads", 400, "body"),
        ("POST", "ingest?corrects=x&filename=a.csv", 400, "errors"),
        ("POST", f"ingest?key={'%C3%A4' * 900}&filename=a.csv&dataset=wide", 400, "percent-encoded"),
    ],
)
def test_an_invalid_request_is_a_problem(
    client: Client, method: str, path: str, status: int, words: str
) -> None:
    answer = client.http.request(method, f"/api/{path}", content=b"[]", headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert words in json.dumps(answer.json())


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0},
        {"size": "1"},
        {"filename": "a.xlsx"},
        {"dataset": "No Where"},
        {"more": 1},
        {"size": 2**60},
    ],
)
def test_a_file_that_cannot_be_loaded_gets_no_upload_address(client: Client, wrong: dict[str, Any]) -> None:
    announced = {"dataset": "sales", "filename": "a.csv", "size": 1, **wrong}
    answer = client.http.post("/api/uploads", json=announced)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert next(iter(wrong)) in json.dumps(answer.json()["errors"])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("dataset=visits", "in the body"),
        ("filename=b.csv", "in the body"),
        ("dry_run=true", "/api/ingest"),
        ("delimiter=", "no value"),
    ],
)
def test_a_misplaced_parameter_of_a_big_upload_is_an_error(client: Client, query: str, words: str) -> None:
    announced = {"dataset": "sales", "filename": "a.csv", "size": 1}
    answer = client.http.post(f"/api/uploads?{query}", json=announced)
    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert words in answer.json()["errors"][0]["detail"]


def test_responses_have_exactly_the_members_of_their_models(client: Client) -> None:
    def fits(model: type[BaseModel], answer: Any) -> None:
        assert model.model_validate(answer).model_dump(mode="json", exclude_unset=True) == answer

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.csv", csv(row(800, quantity="many"), *(row(800 + n) for n in range(1, 20))))
        archive.writestr("b.csv", orders(830, 2))
    parts = [("files", ("all.zip", packed.getvalue())), ("files", ("c.csv", orders(850, 2)))]

    def post(**headers: str) -> httpx.Response:
        return client.http.post("/api/ingest", params={"dataset": "sales"}, files=parts, headers=headers)

    fits(upload_models.DryRun, client.http.post("/api/ingest?dry_run=true", files=parts).json())
    fits(upload_models.Accepted, post().json())
    results = post(prefer="wait=25").json()
    fits(upload_models.Outcomes, results)
    whole = client.http.get(f"/api/ingestions/{results['files'][0]['id']}").json()
    fits(ingestion_models.Ingestion, whole)
    inside = whole["members"][0]["id"]
    fits(ingestion_models.Ingestion, client.http.get(f"/api/ingestions/{inside}").json())
    fits(ingestion_models.Rejects, client.http.get(f"/api/ingestions/{inside}/rejects").json())
    fits(
        ingestion_models.Ingestion, client.http.delete(f"/api/ingestions/{results['files'][1]['id']}").json()
    )
    fits(ingestion_models.Ingestions, client.http.get("/api/ingestions").json())
    fits(dataset_models.Datasets, client.http.get("/api/datasets").json())
    fits(dataset_models.ChangedDataset, client.http.get("/api/datasets/sales").json())
    fits(dataset_models.Days, client.http.get("/api/datasets/sales/loads").json())
    fits(models.Health, client.http.get("/api/health").json())
    fits(models.Rows, client.http.get("/api/read/sales").json())
    announced = {"dataset": "sales", "filename": "d.csv", "size": 1}
    fits(upload_models.SignedUpload, client.http.post("/api/uploads", json=announced).json())
    fits(models.Problem, client.http.get("/api/read/nothing").json())
