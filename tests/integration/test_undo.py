"""Undoing a load: its rows go, nothing else does, and it stays undone."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.errors import Conflict, NotFound
from shared.ledger import locks
from shared.ledger.duplicates import Duplicates
from shared.ledger.tables import State
from shared.loading.loader import FileLoader
from shared.use_cases import replay_load, sweep, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.barriers import Gate
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry, table
from tests.integration.keyless_dataset import Uploads, history, names
from tests.integration.test_sweep import NO_MIN_AGE

LOADED, DUPLICATE, UNDONE = State.LOADED, State.DUPLICATE, State.UNDONE


def load(loader: BlobLoader, container: ContainerClient, name: str, content: bytes) -> uuid.UUID:
    container.upload_blob(f"sales/{name}.csv", content, overwrite=True)
    found = loader.load(f"sales/{name}.csv").ingestion_id
    assert found is not None
    return found


def numbers(engine: Engine) -> list[str]:
    return sorted(one["sales_order_number"] for one in table(engine))


def test_rows_that_a_load_brought_go_and_the_others_stay(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "a", orders(1, 2))
    undone = load(loader, container, "b", orders(3, 3))
    before = entry(engine, "sales/b.csv")

    undo_load.undo_load(engine, undone)

    assert numbers(engine) == ["SO1", "SO2"]
    found = entry(engine, "sales/b.csv")
    assert found["state"] == "undone"
    assert found["undone"].pop("at")
    told = found["undone"]
    assert (told.pop("handed_over_to"), told.pop("unchanged_in")) == (None, [])
    assert told == {"rows_removed": 3, "rows_changed_since": 0}
    kept = before.keys() - {"state", "undone"}
    assert {name: found[name] for name in kept} == {name: before[name] for name in kept}
    assert container.get_blob_client("sales/b.csv").exists()


def test_rows_that_a_later_load_changed_stay(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    undone = load(loader, container, "a", orders(1, 3))
    load(loader, container, "b", csv(row(2, price="5"), row(3)))

    undo_load.undo_load(engine, undone)

    assert [(one["sales_order_number"], int(one["unit_price"])) for one in table(engine)] == [("SO2", 5)]
    facts = entry(engine, "sales/a.csv")["undone"]
    assert (facts["rows_removed"], facts["rows_changed_since"]) == (2, 1)


def test_loads_that_left_rows_as_they_were_are_named_and_bring_theirs_again(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "before", orders(1, 1))
    load(loader, container, "before-too", csv(row(1), row(9)))
    undone = load(loader, container, "a", orders(2, 3))
    same = load(loader, container, "same", csv(row(2), row(5)))
    load(loader, container, "others", csv(row(6)))

    undo_load.undo_load(engine, undone)
    assert numbers(engine) == ["SO1", "SO5", "SO6", "SO9"]
    assert entry(engine, "sales/a.csv")["undone"]["unchanged_in"] == [str(same)]

    def deliver(path: str) -> None:
        loader.load(path)

    replay_load.request_replay(engine, container, same, deliver)
    assert numbers(engine) == ["SO1", "SO2", "SO5", "SO6", "SO9"]


def test_a_row_that_the_load_changed_goes_too(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load(loader, container, "a", orders(1, 2))
    undone = load(loader, container, "b", csv(row(2, price="5")))

    undo_load.undo_load(engine, undone)

    assert numbers(engine) == ["SO1"]


def test_undone_is_for_good_but_for_the_same_bytes_elsewhere(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    undone = load(loader, container, "a", orders(1, 2))
    undo_load.undo_load(engine, undone)
    facts = entry(engine, "sales/a.csv")["undone"]

    undo_load.undo_load(engine, undone)
    assert loader.load("sales/a.csv").state is UNDONE
    sweep.sweep(engine, container, loader.load, 60, NO_MIN_AGE)

    assert numbers(engine) == []
    assert entry(engine, "sales/a.csv")["undone"] == facts
    load(loader, container, "b", orders(1, 2))
    assert entry(engine, "sales/b.csv")["state"] == "loaded"
    assert len(table(engine)) == 2


@pytest.mark.parametrize("second", ["refused", "duplicate"])
def test_there_is_nothing_to_undo_of_what_has_no_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine, second: str
) -> None:
    first = load(loader, container, "a", orders(1, 2))
    content = {"refused": b"x\n1\n", "duplicate": orders(1, 2)}[second]
    asked = load(loader, container, "b", content)

    with pytest.raises(Conflict, match=f"is {second}") as refused:
        undo_load.undo_load(engine, asked)

    assert (str(first) in refused.value.message) is (second == "duplicate")
    assert len(table(engine)) == 2
    with pytest.raises(NotFound):
        undo_load.undo_load(engine, uuid.UUID(int=0))


def test_a_duplicate_takes_the_rows_over(uploads: Uploads, engine: Engine) -> None:
    assert [uploads.put(blob, "x y toolong") for blob in "abc"] == [LOADED, DUPLICATE, DUPLICATE]

    undo_load.undo_load(engine, history(engine, "a")[0]["id"])

    (a,), (b,), (c,) = (history(engine, blob) for blob in "abc")
    assert names(engine) == "x y"
    assert (a["state"], b["state"], c["state"], c["duplicate_of"]) == (
        "undone",
        "loaded",
        "duplicate",
        b["id"],
    )
    assert (a["undone"]["rows_removed"], a["undone"]["handed_over_to"]) == (0, str(b["id"]))
    undo_load.undo_load(engine, b["id"])
    undo_load.undo_load(engine, c["id"])
    assert names(engine) == ""


def test_a_duplicate_takes_rows_with_a_key_over_too(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    first, second = (load(loader, container, name, orders(1, 2)) for name in "ab")

    undo_load.undo_load(engine, first)
    assert len(table(engine)) == 2
    undo_load.undo_load(engine, second)
    assert len(table(engine)) == 0


def test_a_load_that_is_becoming_a_duplicate_meanwhile_brings_the_rows_itself(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = load(loader, container, "a", orders(1, 3))
    find = Duplicates.find

    def find_and_undo(duplicates: Duplicates, sha256: str) -> uuid.UUID | None:
        found = find(duplicates, sha256)
        undo_load.undo_load(engine, undone)
        return found

    monkeypatch.setattr(Duplicates, "find", find_and_undo)
    load(loader, container, "b", orders(1, 3))

    assert (entry(engine, "sales/a.csv")["state"], entry(engine, "sales/b.csv")["state"]) == (UNDONE, LOADED)
    assert numbers(engine) == ["SO1", "SO2", "SO3"]


def test_rows_that_another_table_refers_to_stay_and_it_says_so(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    asked = load(loader, container, "a", orders(1, 2))
    with engine.begin() as connection:
        connection.execute(
            text("""
            create table invoices (number text, line bigint, constraint of_sales
            foreign key (number, line) references sales (sales_order_number, sales_order_line_number));
            insert into invoices values ('SO1', 1)""")
        )

    with pytest.raises(Conflict, match=r"constraint of_sales\.$") as refused:
        undo_load.undo_load(engine, asked)

    assert "SO1" not in refused.value.message
    assert (len(table(engine)), entry(engine, "sales/a.csv")["state"]) == (2, LOADED)


def test_of_a_load_that_a_new_version_replaced_there_is_nothing_to_undo(
    uploads: Uploads, engine: Engine
) -> None:
    uploads.put("a", "x")
    uploads.put("a", "y")
    before, newest = history(engine, "a")

    with pytest.raises(Conflict, match=str(newest["id"])):
        undo_load.undo_load(engine, before["id"])

    undo_load.undo_load(engine, newest["id"])
    assert names(engine) == ""
    assert uploads.put("a", "z") is LOADED
    assert names(engine) == "z"


def test_while_it_is_loaded_nothing_is_undone(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 2))
    run = FileLoader.run
    with Gate() as gate, ThreadPoolExecutor(1) as pool:

        def wait_and_run(*arguments: object) -> None:
            gate.go_through()
            run(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(FileLoader, "run", wait_and_run)
        loading = pool.submit(loader.load, "sales/a.csv")
        gate.wait()
        asked = entry(engine, "sales/a.csv")["id"]
        with pytest.raises(Conflict, match="being loaded"):
            undo_load.undo_load(engine, asked)
        gate.open()
        assert loading.result().state is LOADED


def test_a_load_that_left_a_row_as_it_was_loads_it_again_where_that_is_undone_meanwhile(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = load(loader, container, "a", orders(1, 3))
    container.upload_blob("sales/b.csv", orders(1, 2))
    run = FileLoader.run
    runs: list[None] = []

    def run_and_undo(*arguments: object) -> None:
        run(*arguments)  # type: ignore[arg-type]
        runs.append(None)
        if len(runs) == 1:
            undo_load.undo_load(engine, undone)

    monkeypatch.setattr(FileLoader, "run", run_and_undo)
    assert loader.load("sales/b.csv").state is LOADED

    assert numbers(engine) == ["SO1", "SO2"]
    found = entry(engine, "sales/b.csv")
    assert (found["rows_inserted"], found["rows_unchanged"], len(runs)) == (2, 0, 2)


def test_undoing_is_one_transaction(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = load(loader, container, "a", orders(1, 3))

    def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(undo_load, "_facts", break_down)
    with pytest.raises(ZeroDivisionError):
        undo_load.undo_load(engine, undone)

    assert (len(table(engine)), entry(engine, "sales/a.csv")["state"]) == (3, "loaded")
    with engine.begin() as connection:
        assert locks.acquire_version(connection, undone, wait_seconds=0)
        assert connection.scalar(text("select count(*) from sales")) == 3
