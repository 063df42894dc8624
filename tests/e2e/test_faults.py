"""The app while Postgres or storage is unavailable, a table is locked, or a worker is killed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg2

from dev.postgres import Postgres
from shared.storage.blob_version import BlobVersion
from tests.e2e.conftest import Client
from tests.fixtures.samples import orders

PROBLEM = "application/problem+json"


def test_a_file_posted_while_postgres_is_unavailable_is_loaded_afterwards(
    client: Client, postgres: Postgres
) -> None:
    client.post(("before.csv", orders(1, 1)))
    postgres.stop()
    try:
        answer = client.post(("during.csv", orders(100, 5)))
        started = time.monotonic()
        health = client.http.get("/api/health")
        seconds = time.monotonic() - started
        read = client.http.get("/api/read/first-chunk")
    finally:
        postgres.start()

    assert answer.status_code == 202
    assert (health.status_code, seconds < 2) == (503, True)
    assert [(part["part"], part["ok"]) for part in health.json()["parts"]] == [
        ("postgres", False),
        ("storage", True),
    ]
    assert (read.status_code, read.headers["content-type"]) == (503, PROBLEM)
    assert "Traceback" not in read.text
    ingestion_id = answer.json()["files"][0]["ingestion_id"]
    loaded = client.wait_for_result(ingestion_id, seconds=60)
    assert (loaded["state"], loaded["counts"]["inserted"]) == ("loaded", 5)


def test_a_file_is_loaded_once_after_its_worker_was_killed(client: Client) -> None:
    content = orders(100_000, 60_000)
    etag = client.uploads.get_blob_client("sales/killed.csv").upload_blob(content)["etag"]
    ingestion_id = str(BlobVersion("uploads", "sales/killed.csv", etag).ingestion_id)

    def is_loading() -> bool:
        ingestion = client.http.get(f"/api/ingestions/{ingestion_id}").json()
        return bool(ingestion.get("state") == "loading")

    client.app.wait_for(is_loading)
    client.app.kill()
    assert client.query("select state from ingest.ingestions where path = 'sales/killed.csv'") == [
        ("loading",)
    ]
    client.app.start()

    loaded = client.wait_for_result(ingestion_id, seconds=60)
    assert (loaded["state"], loaded["counts"]["inserted"]) == ("loaded", 60_000)
    assert loaded["attempts"] == 2
    assert client.query(
        "select count(*), count(distinct sales_order_number) from sales where _load = "
        "(select serial from ingest.ingestions where path = 'sales/killed.csv')"
    ) == [(60_000, 60_000)]


def test_unavailable_storage_is_a_problem_response_until_it_is_available_again(client: Client) -> None:
    client.app.azurite.stop()
    try:
        health = client.http.get("/api/health")
        with httpx.Client(base_url=client.app.api, timeout=60) as http:
            answer = http.post(
                "/api/ingest?filename=a.csv", content=b"a\n", headers={"content-type": "text/csv"}
            )
    finally:
        client.app.azurite.start()

    assert health.status_code == 503
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    again = client.post(("later.csv", orders(500, 5)))
    assert client.wait_for_result(again.json()["files"][0]["ingestion_id"], seconds=60)["state"] == "loaded"


def test_a_locked_table_does_not_delay_the_health_check(client: Client) -> None:
    answer = client.post(("locked.csv", orders(900, 5)))
    client.wait_for_result(answer.json()["files"][0]["ingestion_id"])
    lock = psycopg2.connect(client.app.database_url)
    with lock.cursor() as cursor:
        cursor.execute("lock table sales in access exclusive mode")
        with ThreadPoolExecutor(4) as pool:
            reads = [pool.submit(client.http.get, "/api/read/first-chunk") for _ in range(4)]
            started = time.monotonic()
            health = client.http.get("/api/health")
            seconds = time.monotonic() - started
            statuses = {read.result().status_code for read in reads}
    lock.close()

    assert (health.status_code, seconds < 2) == (200, True)
    assert statuses == {503}
