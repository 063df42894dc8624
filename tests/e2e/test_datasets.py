"""Datasets and dry runs over HTTP."""

from __future__ import annotations

import httpx
import pytest

from dev.paths import ROOT
from tests.e2e.conftest import Client
from tests.fixtures.samples import csv, orders, row

PROBLEM = "application/problem+json"


def assert_problem(answer: httpx.Response, status: int, words: str) -> None:
    """The response is a problem with this status and these words in its detail."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert words in answer.json()["detail"]


def test_a_dry_run_predicts_the_result_of_each_file_and_stores_nothing(client: Client) -> None:
    one = csv(row(1, price="1234567890.1230"), row(2, quantity="none"), *map(row, range(3, 23)))

    answer = client.post(("one.csv", one), ("two.csv", b"Name\nx\n"), dataset="sales", dry_run="true")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    first, second = answer.json()["files"]
    assert (first["would_be"], first["counts"]) == ("loaded", {"read": 22, "accepted": 21, "rejected": 1})
    assert '"unit_price":1234567890.123,' in answer.text
    assert (second["would_be"], second["error"]["code"]) == ("refused", "header_mismatch")
    assert client.blobs() == []
    assert client.query("select (select count(*) from sales), (select count(*) from ingest.ingestions)") == [
        (0, 0)
    ]


def test_a_dry_run_uses_the_upload_options(client: Client) -> None:
    answer = client.http.post(
        "/api/ingest",
        params={
            "dataset": "visits",
            "filename": "v.csv",
            "dry_run": "true",
            "key": "id",
            "encoding": "cp1252",
        },
        content="id,name\n1,Zoë\n".encode("cp1252"),
        headers={"content-type": "text/csv"},
    )

    body = answer.json()
    assert (answer.status_code, body["creates"]) == (200, True)
    assert body["told"] == {"encoding": "cp1252", "key": ["id"]}
    assert body["files"][0]["rows"] == [{"id": 1, "name": "Zoë"}]


@pytest.mark.parametrize("value", ["yes", "2", ""])
def test_dry_run_must_be_true_or_false(client: Client, value: str) -> None:
    answer = client.post(("one.csv", orders(1, 1)), dry_run=value)

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert answer.json()["errors"][0]["parameter"] == "dry_run"
    assert client.blobs() == []


def test_datasets_are_listed_and_described(client: Client) -> None:
    page = client.http.get("/api/datasets").json()
    one = client.http.get("/api/datasets/sales").json()

    assert ([found["name"] for found in page["datasets"]], page["next"]) == (["sales"], None)
    assert (one["declared"], one["changes"], one["next"]) == (True, [], None)
    assert {name: one[name] for name in page["datasets"][0]} == page["datasets"][0]


def test_an_inferred_dataset_is_described_and_gets_a_key(client: Client) -> None:
    answer = client.post(("visits.csv", b"ID,Page\n1,/start\n2,/about\n"), dataset="visits")
    (file,) = answer.json()["files"]
    assert client.wait_for_result(file["ingestion_id"])["state"] == "loaded"

    found = client.http.get("/api/datasets/visits").json()
    keyed = client.http.put("/api/datasets/visits", json={"key": ["ID"]})
    changes = client.http.get("/api/datasets/visits?limit=1").json()["changes"]

    assert (found["declared"], found["key"], found["rows"]) == (False, [], 2)
    assert found["changes"][0]["ingestion_id"] == found["last_load"]["ingestion_id"] == file["ingestion_id"]
    assert (keyed.status_code, keyed.json()["key"]) == (200, ["id"])
    assert changes[0]["change"] == "key set"
    assert 'key: ClassVar[tuple[str, ...]] = ("id",)' in client.http.get(
        "/api/datasets/visits/contract.py"
    ).text  # fmt: skip


@pytest.mark.parametrize(
    ("name", "status", "words"), [("sales", 409, "contract"), ("nothing", 404, "no dataset")]
)
def test_only_an_inferred_dataset_gets_a_key(client: Client, name: str, status: int, words: str) -> None:
    answer = client.http.put(f"/api/datasets/{name}", json={"key": ["quantity"]})

    assert_problem(answer, status, words)


def test_the_contract_is_a_python_file(client: Client) -> None:
    answer = client.http.get("/api/datasets/sales/contract.py")

    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="sales.py"'
    assert answer.text == (ROOT / "shared" / "contracts" / "sales.py").read_text()


@pytest.mark.parametrize("path", ["datasets/nothing", "datasets/nothing/contract.py", "datasets/No%20Name"])
def test_an_unknown_dataset_is_a_problem(client: Client, path: str) -> None:
    assert_problem(client.http.get(f"/api/{path}"), 404, "There is no dataset")


@pytest.mark.parametrize("query", ["after=x", "after=Mg", "after=bnVsbA", "limit=0", "limit=101"])
def test_an_invalid_page_request_is_a_problem(client: Client, query: str) -> None:
    assert_problem(client.http.get(f"/api/datasets?{query}"), 400, query.partition("=")[0])


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ("", None),
        ("[]", None),
        ("{}", "key"),
        ('{"key": []}', "key"),
        ('{"key": "id"}', "key"),
        ('{"key": [1]}', "key.0"),
        ('{"key": ["id"], "name": "x"}', "name"),
    ],
)
def test_the_problem_for_an_invalid_key_body_names_the_member(
    client: Client, body: str, member: str | None
) -> None:
    answer = client.http.put("/api/datasets/visits", content=body)

    assert_problem(answer, 400, member or "the body")
    assert answer.json()["errors"][0]["member"] == member
