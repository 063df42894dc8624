"""The sweep loads blobs whose events were missed, and gives up on loads that cannot succeed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.errors import Unavailable
from shared.ledger import entries
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.storage import blobs
from shared.storage.blob_version import BlobVersion
from shared.use_cases import give_up_load
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.sweep import sweep
from tests.fixtures.samples import orders
from tests.integration.assertions import entry, states, table

NO_MIN_AGE = timedelta(seconds=-60)
"""A minimum age below zero: all blobs are old enough, even if the clocks of the servers differ a little."""


def run_sweep(engine: Engine, container: ContainerClient, loader: BlobLoader) -> int:
    return sweep(engine, container, loader.load, budget_seconds=60, min_age=NO_MIN_AGE)


def version(container: ContainerClient, path: str) -> BlobVersion:
    return blobs.describe(container, path).version


def test_a_blob_whose_event_was_missed_is_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    container.upload_blob("b.csv", orders(10, 5))

    assert run_sweep(engine, container, loader) == 2
    assert run_sweep(engine, container, loader) == 0
    assert len(table(engine)) == 10


def test_a_new_blob_is_left_to_its_event(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))

    assert sweep(engine, container, loader.load, 60, timedelta(minutes=2)) == 0


def test_an_idle_entry_is_loaded_and_one_without_its_blob_superseded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for name in ("stale", "replaced", "deleted"):
        container.upload_blob(f"sales/{name}.csv", name.encode())
        with engine.begin() as connection:
            entries.insert_received(connection, blobs.describe(container, f"sales/{name}.csv"), "sales")
    container.upload_blob("sales/replaced.csv", orders(1, 5), overwrite=True)
    container.delete_blob("sales/deleted.csv")

    assert run_sweep(engine, container, loader) == 2
    assert states(engine) == {"refused": 1, "superseded": 2, "loaded": 1}


def test_a_blob_that_fails_does_not_delay_the_others(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    container.upload_blob("sales/b.csv", orders(10, 5))

    def fail_first(path: str) -> None:
        if path == "sales/a.csv":
            raise Unavailable("storage", "just now")
        loader.load(path)

    assert sweep(engine, container, fail_first, 60, NO_MIN_AGE) == 1
    assert len(table(engine)) == 5


def test_a_load_that_failed_with_a_transient_error_is_retried(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    container.upload_blob("sales/b.csv", orders(10, 5))
    for path in ("sales/a.csv", "sales/b.csv"):
        loader.load(path)
    with engine.begin() as connection:
        connection.execute(text("delete from sales"))
        connection.execute(
            text(
                "update ingest.ingestions set state = 'failed', error = cast(:error as jsonb) "
                "where path = :path"
            ),
            [
                {"path": "sales/a.csv", "error": json.dumps({"transient": True})},
                {"path": "sales/b.csv", "error": json.dumps({"transient": False})},
            ],
        )

    assert run_sweep(engine, container, loader) == 1
    assert states(engine) == {"loaded": 1, "failed": 1}


def test_giving_up_keeps_the_error_of_the_last_attempt(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    seen = version(container, "sales/a.csv")
    with engine.begin() as connection:
        entries.insert_received(connection, blobs.describe(container, "sales/a.csv"), "sales")
        connection.execute(text('update ingest.ingestions set error = \'{"code": "unexpected"}\''))

    assert give_up_load.give_up(engine, seen) is State.FAILED
    assert entry(engine, "sales/a.csv")["error"] == {"code": "unexpected"}


def test_giving_up_after_the_worker_died_each_time_has_its_own_error(
    container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    with engine.begin() as connection:
        entries.insert_received(connection, blobs.describe(container, "sales/a.csv"), "sales")
        connection.execute(text("update ingest.ingestions set state = 'loading', attempts = 5"))

    assert give_up_load.give_up(engine, version(container, "sales/a.csv")) is State.FAILED
    assert entry(engine, "sales/a.csv")["error"]["code"] == "worker_died"


def test_giving_up_because_postgres_was_unavailable_leaves_the_file_to_the_sweep(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    container.upload_blob("sales/b.csv", orders(10, 5))
    with engine.begin() as connection:
        entries.insert_received(connection, blobs.describe(container, "sales/a.csv"), "sales")

    assert give_up_load.give_up(engine, version(container, "sales/a.csv")) is State.RECEIVED
    assert give_up_load.give_up(engine, version(container, "sales/b.csv")) is None
    assert run_sweep(engine, container, loader) == 2
    assert states(engine) == {"loaded": 2}


def test_giving_up_does_not_change_a_final_state(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))
    loader.load("sales/a.csv")

    assert give_up_load.give_up(engine, version(container, "sales/a.csv")) is State.LOADED


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"BlobName": 1}'])
def test_a_poison_message_in_another_format_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="poison"):
        give_up_load.PoisonMessage.parse(body)


def test_a_bug_that_only_the_sweep_triggers_fails_the_load(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 5))

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(FileLoader, "run", break_down)
    for _ in range(6):
        run_sweep(engine, container, loader)

    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["attempts"]) == ("failed", 6)
    assert "ZeroDivisionError" in found["error"]["detail"]


def test_without_a_container_there_is_nothing_to_sweep(
    loader: BlobLoader, engine: Engine, storage: str
) -> None:
    missing = ContainerClient.from_connection_string(storage, "not-there")
    assert run_sweep(engine, missing, loader) == 0
    missing.close()
