"""Waiting for ingestions: until all are settled, for no longer than asked, and holding no connection."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.storage import blobs
from shared.use_cases import wait_for_loads
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration.test_ingestions import enter


def test_what_is_settled_is_told_at_once_with_its_first_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 12))
    container.upload_blob("sales/b.csv", b"x\n")
    ids = [loader.load(f"sales/{name}.csv").ingestion_id or uuid.UUID(int=0) for name in "ba"]

    refused, loaded = wait_for_loads.wait_for_loads(engine, ids, 1) or []

    assert (refused.view.entry["state"], list(refused.first_rows)) == ("refused", [])
    assert loaded.view.entry["state"] == "loaded"
    assert [json.loads(one)["sales_order_number"] for one in loaded.first_rows] == [
        f"SO{number}" for number in range(1, 11)
    ]


def test_the_first_rows_are_those_of_the_file(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for name, content in (("a", orders(1, 3)), ("b", csv(row(2, price="0.10"), row(9)))):
        container.upload_blob(f"sales/{name}.csv", content)
        asked = loader.load(f"sales/{name}.csv").ingestion_id or uuid.UUID(int=0)

    (found,) = wait_for_loads.wait_for_loads(engine, [asked], 1) or []
    assert [json.loads(one)["sales_order_number"] for one in found.first_rows] == ["SO2", "SO9"]
    assert '"unit_price":0.1,' in found.first_rows[0]


def test_it_waits_for_a_load_and_holds_no_connection(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 3))
    asked = blobs.describe(container, "sales/a.csv").version.ingestion_id
    held: list[int] = []
    sleep = time.sleep

    def note_and_sleep(seconds: float) -> None:
        held.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", note_and_sleep)
    with ThreadPoolExecutor(1) as pool:
        waited = pool.submit(wait_for_loads.wait_for_loads, engine, [asked], 30)
        while len(held) < 2:
            sleep(0.01)
        loader.load("sales/a.csv")
        (found,) = waited.result() or []

    assert found.view.entry["state"] == "loaded"
    assert held[:2] == [0, 0]


@pytest.mark.parametrize("state", ["received", "loading", "replaying"])
def test_it_gives_up_in_time(engine: Engine, state: str) -> None:
    facts = {"state": "loaded", "replaying": "received"} if state == "replaying" else {"state": state}
    asked, done = enter(engine, "a", **facts), enter(engine, "b")
    begun = time.monotonic()

    assert wait_for_loads.wait_for_loads(engine, [done, asked], 0.5) is None
    assert wait_for_loads.wait_for_loads(engine, [uuid.uuid4()], 0) is None

    assert 0.5 <= time.monotonic() - begun < 3


def test_where_many_wait_already_nobody_waits_longer(engine: Engine) -> None:
    asked = enter(engine, "a", "received")
    with ThreadPoolExecutor(2) as pool:
        waiters = [pool.submit(wait_for_loads.wait_for_loads, engine, [asked], 1.5) for _ in range(2)]
        while wait_for_loads._WAITING._value:
            time.sleep(0.01)
        begun = time.monotonic()
        assert wait_for_loads.wait_for_loads(engine, [asked], 30) is None
        assert time.monotonic() - begun < 1
        assert [waiter.result() for waiter in waiters] == [None, None]


def test_without_postgres_it_does_not_wait() -> None:
    from shared import settings  # noqa: PLC0415
    from shared.resources import Resources  # noqa: PLC0415

    nowhere = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d", "UPLOADS": "UseDevelopmentStorage=true"}
    assert wait_for_loads.wait_for_loads(Resources(settings.load(nowhere)).engine, [uuid.uuid4()], 30) is None
