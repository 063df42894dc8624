"""What users meet when a part is away, and when a worker is killed."""

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


def test_a_file_posted_while_postgres_is_down_is_loaded_when_it_is_back(
    client: Client, postgres: Postgres
) -> None:
    client.post(("warm.csv", orders(1, 1)))
    postgres.stop()
    try:
        answer = client.post(("patient.csv", orders(100, 5)))
        begun = time.monotonic()
        health = client.http.get("/api/health")
        took = time.monotonic() - begun
        read = client.http.get("/api/read/first-chunk")
    finally:
        postgres.start()

    assert answer.status_code == 202
    assert (health.status_code, took < 2) == (503, True)
    assert [(part["part"], part["ok"]) for part in health.json()["parts"]] == [
        ("postgres", False),
        ("storage", True),
    ]
    assert (read.status_code, read.headers["content-type"]) == (503, PROBLEM)
    assert "Traceback" not in read.text
    ingestion_id = answer.json()["files"][0]["ingestion_id"]
    done = client.settled(ingestion_id, seconds=60)
    assert (done["state"], done["counts"]["inserted"]) == ("loaded", 5)


def test_a_killed_worker_leaves_the_table_of_one_clean_load(client: Client) -> None:
    content = orders(100_000, 60_000)
    etag = client.uploads.get_blob_client("sales/killed.csv").upload_blob(content)["etag"]
    ingestion_id = str(BlobVersion("uploads", "sales/killed.csv", etag).ingestion_id)

    def is_loading() -> bool:
        found = client.http.get(f"/api/ingestions/{ingestion_id}").json()
        return bool(found.get("state") == "loading")

    client.app.wait_for(is_loading)
    client.app.kill()
    assert client.query("select state from ingest.ingestions where path = 'sales/killed.csv'") == [
        ("loading",)
    ]
    client.app.start()

    done = client.settled(ingestion_id, seconds=60)
    assert (done["state"], done["counts"]["inserted"]) == ("loaded", 60_000)
    assert done["attempts"] == 2
    assert client.query(
        "select count(*), count(distinct sales_order_number) from sales where _load = "
        "(select serial from ingest.ingestions where path = 'sales/killed.csv')"
    ) == [(60_000, 60_000)]


def test_storage_away_is_a_problem_and_comes_back(client: Client) -> None:
    client.app.azurite.stop()
    try:
        health = client.http.get("/api/health")
        with httpx.Client(base_url=client.app.api, timeout=60) as patient:
            answer = patient.post(
                "/api/ingest?filename=a.csv", content=b"a\n", headers={"content-type": "text/csv"}
            )
    finally:
        client.app.azurite.start()

    assert health.status_code == 503
    assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
    again = client.post(("later.csv", orders(500, 5)))
    assert client.settled(again.json()["files"][0]["ingestion_id"], seconds=60)["state"] == "loaded"


def test_a_locked_table_keeps_nobody_waiting_for_long(client: Client) -> None:
    answer = client.post(("locked.csv", orders(900, 5)))
    client.settled(answer.json()["files"][0]["ingestion_id"])
    lock = psycopg2.connect(client.app.database_url)
    with lock.cursor() as cursor:
        cursor.execute("lock table sales in access exclusive mode")
        with ThreadPoolExecutor(4) as pool:
            reads = [pool.submit(client.http.get, "/api/read/first-chunk") for _ in range(4)]
            begun = time.monotonic()
            health = client.http.get("/api/health")
            took = time.monotonic() - begun
            statuses = {read.result().status_code for read in reads}
    lock.close()

    assert (health.status_code, took < 2) == (200, True)
    assert statuses == {503}
