"""A blob version is loaded exactly once, after redeliveries, concurrent deliveries and failures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import Queue

import psycopg2
import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, event, text

from dev.postgres import Postgres
from shared.errors import Unavailable, Unexpected
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.storage.content import Content
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome
from tests.fixtures.samples import orders
from tests.fixtures.workers import PROCESSES, worker, workers
from tests.integration.assertions import entry, states, table


def test_redelivered_blob_loads_once(loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50))

    outcomes = [loader.load("sales/a.csv").state for _ in range(3)]

    assert outcomes == [State.LOADED] * 3
    assert entry(engine, "sales/a.csv")["attempts"] == 1
    assert len(table(engine)) == 50


def test_ten_concurrent_deliveries_load_once(
    container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 2000))
    barrier = threading.Barrier(10)

    def deliver(loader: BlobLoader) -> LoadOutcome:
        barrier.wait(30)
        return loader.load("sales/a.csv")

    name = str(container.container_name)
    with workers(10, database_url, storage, name) as ten, ThreadPoolExecutor(10) as pool:
        outcomes = list(pool.map(deliver, ten))

    assert [outcome.state for outcome in outcomes] == [State.LOADED] * 10
    assert sum(outcome.counts is not None for outcome in outcomes) == 1
    assert entry(engine, "sales/a.csv")["attempts"] == 1
    assert len(table(engine)) == 2000


def deliver(results: Queue[State | None], database_url: str, storage: str, container: str) -> None:
    """Load the blob in another process."""
    with worker(database_url, storage, container) as loader:
        results.put(loader.load("sales/a.csv").state)


def test_concurrent_processes_load_one_blob_once(
    container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 3000))
    results: Queue[State | None] = PROCESSES.Queue()
    arguments = (results, database_url, storage, str(container.container_name))
    racing = [PROCESSES.Process(target=deliver, args=arguments) for _ in range(4)]

    for process in racing:
        process.start()
    states_reached = [results.get(timeout=120) for _ in racing]
    for process in racing:
        process.join()

    assert states_reached == [State.LOADED] * 4
    assert entry(engine, "sales/a.csv")["attempts"] == 1
    assert len(table(engine)) == 3000


def test_same_bytes_under_another_name_are_a_duplicate(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50))
    container.upload_blob("sales/b.csv", orders(1, 50))

    loader.load("sales/a.csv")
    assert loader.load("sales/b.csv").state is State.DUPLICATE

    assert entry(engine, "sales/b.csv")["duplicate_of"] == entry(engine, "sales/a.csv")["id"]
    assert {one["_load"] for one in table(engine)} == {entry(engine, "sales/a.csv")["serial"]}


def test_same_bytes_under_four_names_at_once_load_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    paths = [f"sales/{name}.csv" for name in "abcd"]
    for path in paths:
        container.upload_blob(path, orders(1, 2000))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(loader.load, paths))

    assert states(engine) == {"loaded": 1, "duplicate": 3}
    assert len(table(engine)) == 2000


def test_a_load_that_fails_before_its_commit_leaves_no_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50))
    finish = FileLoader.finish

    def finish_then_fail(*arguments: object) -> None:
        finish(*arguments)  # type: ignore[arg-type]
        raise ZeroDivisionError("SO1, a row's text")

    with monkeypatch.context() as broken:
        broken.setattr(FileLoader, "finish", finish_then_fail)
        with pytest.raises(Unexpected, match="ZeroDivisionError") as caught:
            loader.load("sales/a.csv")

    assert "SO1" not in str(caught.value)
    assert table(engine) == []
    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["error"]["code"]) == ("received", "unexpected")
    assert loader.load("sales/a.csv").state is State.LOADED
    assert len(table(engine)) == 50
    assert entry(engine, "sales/a.csv")["error"] is None


def test_a_load_whose_connection_is_cut_is_unavailable_and_loads_next_time(
    loader: BlobLoader, container: ContainerClient, engine: Engine, database_url: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50))
    cut: list[bool] = []

    def cut_once(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "pg_advisory_xact_lock" not in statement or cut:  # after the rows were sent
            return
        cut.append(True)
        _cut_all_others(database_url)

    event.listen(engine, "before_cursor_execute", cut_once)
    with pytest.raises(Unavailable):
        loader.load("sales/a.csv")
    event.remove(engine, "before_cursor_execute", cut_once)

    assert cut
    assert table(engine) == []
    assert loader.load("sales/a.csv").state is State.LOADED
    assert len(table(engine)) == 50


def _cut_all_others(database_url: str) -> None:
    other = psycopg2.connect(database_url)
    with other.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    other.close()


def test_an_entry_that_a_dead_worker_left_loading_is_taken_over(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    loader.load("sales/a.csv")
    with engine.begin() as connection:
        connection.execute(text("delete from sales"))
        connection.execute(text("update ingest.ingestions set state = 'loading', rows_read = null"))

    assert loader.load("sales/a.csv").state is State.LOADED
    assert entry(engine, "sales/a.csv")["attempts"] == 2
    assert len(table(engine)) == 5


def test_a_file_that_ends_every_worker_is_failed_after_twenty_attempts(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    loader.load("sales/a.csv")
    with engine.begin() as connection:
        connection.execute(text("update ingest.ingestions set state = 'loading', attempts = 20"))

    assert loader.load("sales/a.csv").state is State.FAILED
    assert "died" in entry(engine, "sales/a.csv")["error"]["detail"]


def test_a_version_replaced_before_its_load_is_superseded(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50))
    container.upload_blob("sales/other.csv", b"")  # the entry of another blob must not change
    loader.load("sales/other.csv")

    def replace_then_read(opened: Callable[[], Iterator[bytes]], size: int) -> Content:
        container.upload_blob("sales/a.csv", orders(100, 10), overwrite=True)
        return Content(opened, size)

    with monkeypatch.context() as patched:
        patched.setattr("shared.use_cases.load_blob.Content", replace_then_read)
        assert loader.load("sales/a.csv").state is State.SUPERSEDED

    assert table(engine) == []
    assert loader.load("sales/a.csv").state is State.LOADED
    assert len(table(engine)) == 10
    assert states(engine) == {"superseded": 1, "loaded": 1, "refused": 1}


def test_a_deleted_blob_without_an_entry_is_superseded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    assert loader.load("sales/never.csv").state is State.SUPERSEDED
    assert states(engine) == {}


def test_a_missing_table_is_transient_and_says_what_to_run(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    with engine.begin() as connection:
        connection.execute(text("alter table sales rename to elsewhere"))

    with pytest.raises(Unavailable, match="dev migrate"):
        loader.load("sales/a.csv")
    assert entry(engine, "sales/a.csv")["error"]["transient"] is True


def test_a_check_constraint_fails_the_load_without_quoting_a_row(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    with engine.begin() as connection:
        connection.execute(text("alter table sales add constraint minimum check (quantity > 5)"))

    assert loader.load("sales/a.csv").state is State.FAILED
    detail = entry(engine, "sales/a.csv")["error"]["detail"]
    assert "minimum" in detail
    assert "Christy" not in detail


def test_a_load_succeeds_after_postgres_was_unavailable(
    loader: BlobLoader, container: ContainerClient, engine: Engine, postgres: Postgres
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    postgres.stop()
    try:
        with pytest.raises(Unavailable, match="postgres"):
            loader.load("sales/a.csv")
    finally:
        postgres.start()

    assert loader.load("sales/a.csv").state is State.LOADED
