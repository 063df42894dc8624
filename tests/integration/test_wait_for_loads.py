"""A request waits until its ingestions are finished, for a limited time and without a database connection."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared import settings
from shared.resources import Resources
from shared.storage import blobs
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.wait_for_loads import _WAITING, wait_for_loads
from tests.fixtures.samples import csv, orders, row
from tests.integration.test_ingestions import enter


def load(loader: BlobLoader, container: ContainerClient, name: str, content: bytes) -> uuid.UUID:
    container.upload_blob(f"sales/{name}.csv", content)
    ingestion_id = loader.load(f"sales/{name}.csv").ingestion_id
    assert ingestion_id is not None
    return ingestion_id


def test_finished_loads_are_returned_at_once_with_their_first_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    first = load(loader, container, "a", orders(1, 12))
    second = load(loader, container, "b", b"x\n")

    refused, loaded = wait_for_loads(engine, [second, first], 1) or []

    assert (refused.view.entry["state"], list(refused.first_rows)) == ("refused", [])
    assert loaded.view.entry["state"] == "loaded"
    assert [json.loads(one)["sales_order_number"] for one in loaded.first_rows] == [
        f"SO{number}" for number in range(1, 11)
    ]


def test_the_first_rows_are_those_of_the_file(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "a", orders(1, 3))
    second = load(loader, container, "b", csv(row(2, price="0.10"), row(9)))

    (finished,) = wait_for_loads(engine, [second], 1) or []

    assert [json.loads(one)["sales_order_number"] for one in finished.first_rows] == ["SO2", "SO9"]
    assert '"unit_price":0.1,' in finished.first_rows[0]


def test_no_connection_is_held_while_waiting_for_a_load(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 3))
    ingestion_id = blobs.describe(container, "sales/a.csv").version.ingestion_id
    connections_in_use: list[int] = []
    sleep = time.sleep

    def record_and_sleep(seconds: float) -> None:
        connections_in_use.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", record_and_sleep)
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(wait_for_loads, engine, [ingestion_id], 30)
        while len(connections_in_use) < 2:
            sleep(0.01)
        loader.load("sales/a.csv")
        (finished,) = waiter.result() or []

    assert finished.view.entry["state"] == "loaded"
    assert connections_in_use[:2] == [0, 0]


@pytest.mark.parametrize("state", ["received", "loading", "replaying"])
def test_waiting_ends_after_the_given_time(engine: Engine, state: str) -> None:
    facts = {"state": "loaded", "replaying": "received"} if state == "replaying" else {"state": state}
    unfinished, finished = enter(engine, "a", **facts), enter(engine, "b")
    started = time.monotonic()

    assert wait_for_loads(engine, [finished, unfinished], 0.3) is None
    assert wait_for_loads(engine, [uuid.uuid4()], 0) is None

    assert 0.3 <= time.monotonic() - started < 3


def test_a_third_request_does_not_wait(engine: Engine) -> None:
    unfinished = enter(engine, "a", "received")
    with ThreadPoolExecutor(2) as pool:
        waiters = [pool.submit(wait_for_loads, engine, [unfinished], 30) for _ in range(2)]
        while _WAITING._value:
            time.sleep(0.01)
        started = time.monotonic()
        third = wait_for_loads(engine, [unfinished], 30)
        seconds = time.monotonic() - started
        with engine.begin() as connection:
            connection.execute(text("update ingest.ingestions set state = 'refused'"))
        first_two = [waiter.result() or [] for waiter in waiters]

    assert (third, seconds < 1) == (None, True)
    assert [[one.view.entry["state"] for one in finished] for finished in first_two] == [["refused"]] * 2


def test_nobody_waits_while_postgres_is_unavailable() -> None:
    unreachable = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d", "UPLOADS": "UseDevelopmentStorage=true"}
    engine = Resources(settings.load(unreachable)).engine
    started = time.monotonic()

    assert wait_for_loads(engine, [uuid.uuid4()], 30) is None

    assert time.monotonic() - started < 5
