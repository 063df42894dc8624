"""Rows over HTTP: pages in three formats, reading and editing one row, and the API description."""

from __future__ import annotations

import csv as python_csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from dev.paths import ROOT
from tests.e2e.conftest import Client
from tests.fixtures.samples import csv, row

PROBLEM = "application/problem+json"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture(autouse=True)
def loaded(client: Client) -> None:
    """Some rows, the first time."""
    if client.query("select true from sales limit 1"):
        return
    content = csv(*map(row, range(100, 130)), row(200).replace("Christy Zhu", '"Zhu, ""Jr"""'))
    (file,) = client.post(("a.csv", content)).json()["files"]
    assert client.wait_for_result(file["ingestion_id"])["state"] == "loaded"


def follow_links(client: Client, path: str, **headers: str) -> Iterator[httpx.Response]:
    """A page and all later pages."""
    link: str | None = path
    while link:
        answer = client.http.get(link, headers=headers)
        assert answer.status_code == 200, answer.text
        yield answer
        link = answer.links.get("next", {}).get("url")


def test_links_lead_through_all_pages_in_every_format(client: Client) -> None:
    path = "/api/read/sales?limit=7&quantity__lte=1"
    pages = [answer.json() for answer in follow_links(client, path)]
    csv_pages = [
        list(python_csv.reader(io.StringIO(answer.text)))
        for answer in follow_links(client, path, accept="text/csv")
    ]
    lines = [answer.text.splitlines() for answer in follow_links(client, path, accept="application/x-ndjson")]

    numbers = [one["sales_order_number"] for page in pages for one in page["rows"]]
    assert numbers == sorted(numbers)
    assert len(numbers) == 31
    assert pages[-1]["next"] is None
    assert [line[0] for records in csv_pages for line in records[1:]] == numbers
    assert {tuple(records[0]) for records in csv_pages} == {tuple(pages[0]["rows"][0])}
    assert [json.loads(line) for page in lines for line in page] == [
        one for page in pages for one in page["rows"]
    ]


def test_a_cursor_continues_after_the_page(client: Client) -> None:
    first = client.http.get("/api/read/sales", params={"order": "recent", "limit": 2}).json()
    second = client.http.get(
        "/api/read/sales", params={"order": "recent", "limit": 2, "after": first["next"]}
    )

    numbers = [one["sales_order_number"] for one in first["rows"] + second.json()["rows"]]
    assert numbers == ["SO200", "SO129", "SO128", "SO127"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("colour=red", "colour"),
        ("quantity=many", "'many'"),
        ("item=", "item"),
        ("limit=0", "limit"),
        ("limit=1_0", "limit"),
        ("order=newest", "order"),
        ("after=nonsense", "after"),
        ("item=a&item=b", "2 times"),
    ],
)
def test_an_invalid_query_is_a_problem(client: Client, query: str, word: str) -> None:
    answer = client.http.get(f"/api/read/sales?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (400, PROBLEM)
    assert word in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("read/first-chunk?limt=5", 400, "limt is not a parameter. Parameters: dataset, limit"),
        ("read/first-chunk?dataset=", 400, "dataset has no value"),
        ("datasets?foo=1", 400, "foo is not a parameter"),
        ("datasets/sales?limit=", 400, "limit has no value"),
        ("datasets/sales/contract.py?foo=1", 400, "foo is not a parameter"),
        ("datasets?after=Ilx1MDAwMCI", 400, "after"),
        ("ingestions?state=", 400, "state has no value"),
        ("read/sales/SO100,1?x=1", 400, "x is not a parameter"),
        ("read/%01", 404, "no dataset"),
        ("datasets/%01", 404, "no dataset"),
    ],
)
def test_no_parameter_is_silently_ignored(client: Client, path: str, status: int, words: str) -> None:
    answer = client.http.get(f"/api/{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("path", ["read/%00", "datasets/%00"])
def test_a_zero_byte_in_a_path_is_refused_before_it_reaches_the_app(client: Client, path: str) -> None:
    answer = client.http.get(f"/api/{path}")
    assert (answer.status_code, answer.content) == (400, b"")


def test_a_row_is_written_read_changed_and_deleted(client: Client) -> None:
    path = '/api/read/sales/"a%2F, b",1'
    row = client.http.get("/api/read/sales/SO100,1").json() | {
        "sales_order_number": "a/, b",
        "tax_amount": 0.1,
    }

    statuses = [
        client.http.put(path, json=row).status_code,
        client.http.put(path, json=row | {"quantity": 5}).status_code,
        client.http.put(path, json=row | {"quantity": 0}).status_code,
        client.http.get(path).json()["quantity"],
        client.http.delete(path).status_code,
        client.http.delete(path).status_code,
        client.http.get(path).status_code,
        client.http.get("/api/read/nothing/1").status_code,
        client.http.get("/api/read/sales/SO100").status_code,
    ]

    assert statuses == [201, 200, 400, 5, 204, 404, 404, 404, 400]


def test_responses_conform_to_the_api_description(client: Client) -> None:
    """Some hundred valid and invalid requests to every operation."""
    command = [
        *(
            sys.executable,
            "-W",
            "error",
            "-m",
            "schemathesis.cli",
            "run",
            f"{client.app.api}/api/openapi.json",
        ),
        *("--phases", "coverage", "--checks", CHECKS, "--seed", "1", "--workers", "2"),
        *("--exclude-operation-id", "docs_file"),  # megabytes, and tested elsewhere
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
