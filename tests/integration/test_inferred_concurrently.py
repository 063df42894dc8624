"""Concurrent files for an inferred dataset, long queries, and a killed worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from unittest.mock import patch

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from dev.process import wait_until
from shared import retry
from shared.errors import Conflict, Unavailable
from shared.loading.file_loader import FileLoader
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.set_key import set_key
from tests.fixtures.workers import PROCESSES, worker, workers
from tests.integration.assertions import entry, states
from tests.integration.inferred_datasets import InferredDatasets


def die_before_the_load(database_url: str, storage: str, container: str) -> None:
    """Load a file in a process that is killed as soon as the table exists."""
    with (
        patch.object(FileLoader, "run", lambda *_: os.kill(os.getpid(), signal.SIGKILL)),
        worker(database_url, storage, container) as loader,
    ):
        loader.load("zoo/a.csv")


def deliver_all(workers_: list[BlobLoader], paths: list[str]) -> None:
    def deliver(place: int) -> None:
        ours = workers_[place % len(workers_)]
        retry.retry_unavailable(lambda: ours.load(paths[place]), 60)

    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(deliver, range(len(paths))))


def test_eight_concurrent_first_files_create_one_table_with_all_rows(
    inferred: InferredDatasets, container: ContainerClient, database_url: str, storage: str, engine: Engine
) -> None:
    columns = ["number", "price", "day", "name", "Größe", "flag", "extra", "n"]
    values = ["1", "1.5", "2024-01-01", "x", "1.80", "true", "", "-"]
    paths = [f"zoo/{place}.csv" for place in range(8)]
    for place, path in enumerate(paths):
        names = ["id", *columns[place:], *columns[: place // 2]]
        row = ",".join([*values[place:], *values[: place // 2]])
        lines = [",".join(names), *(f"{number},{row}" for number in range(place * 100, place * 100 + 100))]
        container.upload_blob(path, "\n".join(lines).encode())

    with workers(8, database_url, storage, str(container.container_name)) as ours:
        deliver_all(ours, paths)

    assert states(engine) == {"loaded": 8}
    assert inferred.query("select count(*), count(distinct id), sum(id) from zoo") == [(800, 800, 319600)]
    assert inferred.query("select sum(rows_inserted), sum(rows_read) from ingest.ingestions") == [(800, 800)]
    assert set(inferred.types("zoo")) == {"id", *columns} - {"Größe"} | {"grosse"}
    assert [change["change"] for change in inferred.changes("zoo")].count("created") == 1


def test_concurrent_files_with_wider_types_lose_no_value(
    inferred: InferredDatasets, container: ContainerClient, database_url: str, storage: str, engine: Engine
) -> None:
    inferred.write("zoo/0.csv", "id,it", "0,1")
    kinds = ["2", "2.50", "1e-3", "x", "2024-01-01", "", "007", "true"]
    paths = [f"zoo/{place}.csv" for place in range(1, 9)]
    for place, path in enumerate(paths):
        container.upload_blob(path, f"id,it\n{place + 1},{kinds[place]}\n".encode())

    with workers(4, database_url, storage, str(container.container_name)) as ours:
        deliver_all(ours, paths)

    assert states(engine) == {"loaded": 9}
    found = dict(inferred.query("select id, it from zoo"))
    # Written in another form if they were stored as doubles before.
    numbers = [Decimal(found.pop(number)) for number in (2, 3)]
    assert numbers == [Decimal("2.5"), Decimal("0.001")]
    assert found == {0: "1", 1: "2", 4: "x", 5: "2024-01-01", 6: None, 7: "007", 8: "true"}


@contextmanager
def reading(engine: Engine, statement: str) -> Iterator[None]:
    """Run `statement` in a long transaction of another session."""
    with engine.connect() as connection:
        connection.execute(text(statement))
        yield
        connection.rollback()


def test_a_long_query_delays_a_change_of_the_table_but_no_other_load(
    inferred: InferredDatasets,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    storage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("shared.datasets.schema_evolution", "shared.use_cases.set_key"):
        monkeypatch.setattr(f"{module}._TABLE_LOCK_TIMEOUT_SECONDS", 0.3)
    inferred.write("zoo/a.csv", "id", "1")
    container.upload_blob("zoo/b.csv", b"id,new\n2,x\n")
    with (
        worker(database_url, storage, str(container.container_name)) as other,
        ThreadPoolExecutor(1) as pool,
        reading(engine, "select * from zoo"),
    ):
        load = pool.submit(other.load, "zoo/b.csv")
        with pytest.raises(Unavailable):
            load.result()
        assert entry(engine, "zoo/b.csv")["error"]["transient"]
        assert inferred.write("zoo/c.csv", "id", "3")["state"] == "loaded"
        with pytest.raises(Unavailable):
            set_key(engine, "zoo", ["id"])

        assert inferred.types("zoo") == {"id": "bigint"}
    with worker(database_url, storage, str(container.container_name)) as other:
        other.load("zoo/b.csv")
    assert sorted(inferred.rows("zoo")) == [(1, None), (2, "x"), (3, None)]


def test_the_next_attempt_fills_a_table_whose_worker_was_killed_before_its_rows(
    inferred: InferredDatasets, container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    container.upload_blob("zoo/a.csv", b"id,name\n1,Bo\n2,Al\n")
    name = str(container.container_name)

    delivery = PROCESSES.Process(target=die_before_the_load, args=(database_url, storage, name))
    delivery.start()
    delivery.join()

    assert inferred.rows("zoo") == []
    assert states(engine) == {"loading": 1}
    with worker(database_url, storage, name) as ours:
        ours.load("zoo/a.csv")
    assert inferred.rows("zoo") == [(1, "Bo"), (2, "Al")]
    assert len(inferred.changes("zoo")) == 1


def test_setting_a_key_waits_for_loads(inferred: InferredDatasets, engine: Engine) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo")
    lock = "select pg_advisory_xact_lock_shared(hashtextextended('loads of zoo', 0))"
    with ThreadPoolExecutor(1) as pool, reading(engine, lock):
        setting = pool.submit(set_key, engine, "zoo", ["id"])
        assert not wait_until(setting.done, 0.5)
    assert setting.result().contract.key == ("id",)
    with pytest.raises(Conflict):
        set_key(engine, "zoo", ["name"])
