"""An undone load has no rows in the table, and it stays undone until it is replayed."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.errors import Conflict, NotFound
from shared.ledger import locks
from shared.ledger.duplicates import Duplicates
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.use_cases import sweep, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry, table
from tests.integration.keyless_dataset import Uploads, history, names
from tests.integration.loads import load, paused_load, replay
from tests.integration.test_sweep import NO_MIN_AGE

LOADED, DUPLICATE, UNDONE = State.LOADED, State.DUPLICATE, State.UNDONE


def order_numbers(engine: Engine) -> list[str]:
    return sorted(one["sales_order_number"] for one in table(engine))


def test_the_rows_of_the_load_are_removed_and_other_rows_are_kept(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "a", orders(1, 2))
    ingestion_id = load(loader, container, "b", orders(3, 3))
    before = entry(engine, "sales/b.csv")

    undo_load.undo_load(engine, ingestion_id)

    assert order_numbers(engine) == ["SO1", "SO2"]
    after = entry(engine, "sales/b.csv")
    assert after["state"] == "undone"
    assert after["undone"].pop("at")
    assert after["undone"] == {
        "rows_removed": 3,
        "rows_changed_since": 0,
        "handed_over_to": None,
        "unchanged_in": [],
    }
    unchanged = before.keys() - {"state", "undone"}
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert container.get_blob_client("sales/b.csv").exists()


def test_rows_that_a_later_load_changed_are_kept(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "a", orders(1, 3))
    load(loader, container, "b", csv(row(2, price="5"), row(3)))

    undo_load.undo_load(engine, ingestion_id)

    assert [(one["sales_order_number"], int(one["unit_price"])) for one in table(engine)] == [("SO2", 5)]
    undone = entry(engine, "sales/a.csv")["undone"]
    assert (undone["rows_removed"], undone["rows_changed_since"]) == (2, 1)


def test_later_loads_with_unchanged_rows_are_named_and_a_replay_restores_their_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "before", orders(1, 1))
    load(loader, container, "before-too", csv(row(1), row(9)))
    ingestion_id = load(loader, container, "a", orders(2, 3))
    with_unchanged_rows = load(loader, container, "same", csv(row(2), row(5)))
    load(loader, container, "others", csv(row(6)))

    undo_load.undo_load(engine, ingestion_id)
    assert order_numbers(engine) == ["SO1", "SO5", "SO6", "SO9"]
    assert entry(engine, "sales/a.csv")["undone"]["unchanged_in"] == [str(with_unchanged_rows)]

    replay(engine, container, loader, with_unchanged_rows)
    assert order_numbers(engine) == ["SO1", "SO2", "SO5", "SO6", "SO9"]


def test_a_row_that_the_load_updated_is_removed(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "a", orders(1, 2))
    ingestion_id = load(loader, container, "b", csv(row(2, price="5")))

    undo_load.undo_load(engine, ingestion_id)

    assert order_numbers(engine) == ["SO1"]


def test_an_undone_load_stays_undone_and_the_same_bytes_in_another_blob_are_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "a", orders(1, 2))
    undo_load.undo_load(engine, ingestion_id)
    undone = entry(engine, "sales/a.csv")["undone"]

    undo_load.undo_load(engine, ingestion_id)
    assert loader.load("sales/a.csv").state is UNDONE
    sweep.sweep(engine, container, loader.load, 60, NO_MIN_AGE)

    assert order_numbers(engine) == []
    assert entry(engine, "sales/a.csv")["undone"] == undone
    load(loader, container, "b", orders(1, 2))
    assert entry(engine, "sales/b.csv")["state"] == "loaded"
    assert len(table(engine)) == 2


@pytest.mark.parametrize("state", ["refused", "duplicate"])
def test_a_load_without_rows_cannot_be_undone(
    loader: BlobLoader, container: ContainerClient, engine: Engine, state: str
) -> None:
    first = load(loader, container, "a", orders(1, 2))
    content = {"refused": b"x\n1\n", "duplicate": orders(1, 2)}[state]
    ingestion_id = load(loader, container, "b", content)

    with pytest.raises(Conflict, match=f"is {state}") as caught:
        undo_load.undo_load(engine, ingestion_id)

    assert (str(first) in caught.value.message) is (state == "duplicate")
    assert len(table(engine)) == 2


def test_an_unknown_load_cannot_be_undone(engine: Engine) -> None:
    with pytest.raises(NotFound):
        undo_load.undo_load(engine, uuid.UUID(int=0))


def test_a_duplicate_takes_over_the_rows(uploads: Uploads, engine: Engine) -> None:
    assert [uploads.put(blob, "x y toolong") for blob in "abc"] == [LOADED, DUPLICATE, DUPLICATE]

    undo_load.undo_load(engine, history(engine, "a")[0]["id"])

    (a,), (b,), (c,) = (history(engine, blob) for blob in "abc")
    assert names(engine) == "x y"
    assert [one["state"] for one in (a, b, c)] == ["undone", "loaded", "duplicate"]
    assert c["duplicate_of"] == b["id"]
    assert (a["undone"]["rows_removed"], a["undone"]["handed_over_to"]) == (0, str(b["id"]))
    undo_load.undo_load(engine, b["id"])
    undo_load.undo_load(engine, c["id"])
    assert names(engine) == ""


def test_a_duplicate_takes_over_rows_with_a_key(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    first, second = (load(loader, container, name, orders(1, 2)) for name in "ab")

    undo_load.undo_load(engine, first)
    assert len(table(engine)) == 2
    undo_load.undo_load(engine, second)
    assert len(table(engine)) == 0


def test_a_file_whose_original_is_undone_during_its_load_is_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = load(loader, container, "a", orders(1, 3))
    find = Duplicates.find

    def find_and_undo(duplicates: Duplicates, sha256: str) -> uuid.UUID | None:
        found = find(duplicates, sha256)
        undo_load.undo_load(engine, original)
        return found

    monkeypatch.setattr(Duplicates, "find", find_and_undo)
    load(loader, container, "b", orders(1, 3))

    assert (entry(engine, "sales/a.csv")["state"], entry(engine, "sales/b.csv")["state"]) == (UNDONE, LOADED)
    assert order_numbers(engine) == ["SO1", "SO2", "SO3"]


def test_rows_that_another_table_references_are_kept_and_the_constraint_is_named(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "a", orders(1, 2))
    with engine.begin() as connection:
        connection.execute(
            text("""
            create table invoices (number text, line bigint, constraint of_sales
            foreign key (number, line) references sales (sales_order_number, sales_order_line_number));
            insert into invoices values ('SO1', 1)""")
        )

    with pytest.raises(Conflict, match=r"constraint of_sales\.$") as caught:
        undo_load.undo_load(engine, ingestion_id)

    assert "SO1" not in caught.value.message
    assert (len(table(engine)), entry(engine, "sales/a.csv")["state"]) == (2, LOADED)


def test_a_load_replaced_by_a_new_version_cannot_be_undone(uploads: Uploads, engine: Engine) -> None:
    uploads.put("a", "x")
    uploads.put("a", "y")
    replaced, newest = history(engine, "a")

    with pytest.raises(Conflict, match=str(newest["id"])):
        undo_load.undo_load(engine, replaced["id"])

    undo_load.undo_load(engine, newest["id"])
    assert names(engine) == ""
    assert uploads.put("a", "z") is LOADED
    assert names(engine) == "z"


def test_a_load_in_progress_cannot_be_undone(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 2))
    with paused_load(loader, "sales/a.csv", monkeypatch) as loading:
        with pytest.raises(Conflict, match="being loaded"):
            undo_load.undo_load(engine, entry(engine, "sales/a.csv")["id"])
        assert not loading.done()
    assert loading.result().state is LOADED


def test_a_load_runs_again_if_a_load_of_its_unchanged_rows_is_undone_meanwhile(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = load(loader, container, "a", orders(1, 3))
    container.upload_blob("sales/b.csv", orders(1, 2))
    run, runs = FileLoader.run, 0

    def run_and_undo(*arguments: Any) -> None:
        nonlocal runs
        run(*arguments)
        runs += 1
        if runs == 1:
            undo_load.undo_load(engine, earlier)

    monkeypatch.setattr(FileLoader, "run", run_and_undo)
    assert loader.load("sales/b.csv").state is LOADED

    assert order_numbers(engine) == ["SO1", "SO2"]
    found = entry(engine, "sales/b.csv")
    assert (found["rows_inserted"], found["rows_unchanged"], runs) == (2, 0, 2)


def test_an_undo_is_one_transaction(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion_id = load(loader, container, "a", orders(1, 3))

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(undo_load, "_facts", fail)
    with pytest.raises(ZeroDivisionError):
        undo_load.undo_load(engine, ingestion_id)

    assert (len(table(engine)), entry(engine, "sales/a.csv")["state"]) == (3, "loaded")
    with engine.begin() as connection:
        assert locks.acquire_version(connection, ingestion_id, wait_seconds=0)
        assert connection.scalar(text("select count(*) from sales")) == 3
