"""Loading a version of a blob again, whatever became of it before."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.contracts import registry
from shared.contracts.sales import Sales
from shared.errors import Conflict, Gone, LoadFailed, NotFound, Unavailable
from shared.http.models import Ingestion
from shared.ledger import entries
from shared.ledger.tables import State
from shared.loading.loader import FileLoader
from shared.queries import ingestions
from shared.use_cases import replay_load, sweep, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.barriers import Gate
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry, table
from tests.integration.keyless_dataset import Keyless, Uploads, history, names
from tests.integration.test_sweep import NO_MIN_AGE

LOADED, DUPLICATE = State.LOADED, State.DUPLICATE


class Replays:
    """Asks for replays of one container's blobs, and delivers them at once or not."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._ingesting = loader
        self._container = container
        self._engine = engine

    def load(self, name: str, content: bytes) -> uuid.UUID:
        self._container.upload_blob(f"sales/{name}.csv", content, overwrite=True)
        found = self._ingesting.load(f"sales/{name}.csv").ingestion_id
        assert found is not None
        return found

    def run(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """Ask, deliver, give the entry."""
        replay_load.request_replay(self._engine, self._container, ingestion_id, self._deliver)
        return self.seen(ingestion_id)

    def _deliver(self, path: str) -> None:
        self._ingesting.load(path)

    def ask(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """Ask, deliver nothing, give the entry."""
        replay_load.request_replay(self._engine, self._container, ingestion_id, lambda _: None)
        return self.seen(ingestion_id)

    def seen(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """The entry as callers see it."""
        return Ingestion.from_view(ingestions.find_ingestion(self._engine, ingestion_id)).as_json()


@pytest.fixture
def replays(loader: BlobLoader, container: ContainerClient, engine: Engine) -> Replays:
    return Replays(loader, container, engine)


def break_down(*_: object) -> None:
    raise LoadFailed("as the test wants it")


def test_what_is_loaded_is_loaded_again_in_its_place(replays: Replays, engine: Engine) -> None:
    asked = replays.load("a", orders(1, 3))
    replays.load("b", csv(row(3, price="5")))
    before = entry(engine, "sales/a.csv")
    with engine.begin() as connection:
        connection.execute(text("update sales set quantity = 99 where sales_order_number = 'SO1'"))

    found = replays.run(asked)

    assert (found["state"], found["attempts"], found["error"]) == ("loaded", 1, None)
    assert (found["counts"]["inserted"], found["counts"]["updated"]) == (2, 1)  # the third was the other's
    assert [(one["sales_order_number"], one["quantity"]) for one in table(engine)] == [
        ("SO1", 1),
        ("SO2", 1),
        ("SO3", 1),
    ]
    after = entry(engine, "sales/a.csv")
    assert (after["serial"], after["replaying"]) == (before["serial"], None)
    assert after["started_at"] > before["started_at"]


def test_rows_without_a_key_are_there_once(uploads: Uploads, replays: Replays, engine: Engine) -> None:
    uploads.put("a", "x y y")
    uploads.put("b", "z")
    asked = history(engine, "a")[0]["id"]

    assert [replays.run(asked)["state"] for _ in range(2)] == ["loaded", "loaded"]

    assert names(engine) == "x y y z"


def test_a_duplicate_that_is_replayed_is_one_again(
    uploads: Uploads, replays: Replays, engine: Engine
) -> None:
    assert [uploads.put(blob, "x y") for blob in "ab"] == [LOADED, DUPLICATE]
    a, b = (history(engine, blob)[0]["id"] for blob in "ab")

    assert replays.run(b)["duplicate_of"] == str(a)
    assert replays.run(a)["state"] == "loaded"  # not a duplicate of itself

    assert names(engine) == "x y"


def test_what_was_undone_is_loaded_again(replays: Replays, engine: Engine) -> None:
    asked = replays.load("a", orders(1, 3))
    undo_load.undo_load(engine, asked)

    found = replays.run(asked)

    assert (found["state"], found["undone"], len(table(engine))) == ("loaded", None, 3)


def test_what_was_refused_is_looked_at_again(
    replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replays.load("a", csv(row(1), row(2, quantity="many")))
    assert entry(engine, "sales/a.csv")["state"] == "refused"
    assert replays.run(asked)["counts"]["rejected"] == 1

    class Tolerant(Sales):
        max_reject_ratio: ClassVar[float] = 0.5

    monkeypatch.setitem(registry.CONTRACTS, "sales", Tolerant)
    found = replays.run(asked)

    assert (found["state"], found["error"], found["counts"]["inserted"]) == ("loaded", None, 1)


def test_what_is_refused_now_has_no_rows_any_more(
    uploads: Uploads, replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for blob, letters in (("a", "x y toolong"), ("b", "z")):
        uploads.put(blob, letters)
    (a,), (b,) = (history(engine, blob) for blob in "ab")

    class Strict(Keyless):
        max_reject_ratio: ClassVar[float] = 0.1

    monkeypatch.setitem(registry.CONTRACTS, "keyless", Strict)
    found = replays.run(a["id"])

    assert (found["state"], found["counts"]["rejected"], found["counts"]["inserted"]) == ("refused", 1, 0)
    assert names(engine) == "z"
    assert replays.run(b["id"])["state"] == "loaded"


def test_rows_of_what_is_refused_now_go_to_a_duplicate(
    uploads: Uploads, replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [uploads.put(blob, "x y toolong") for blob in "ab"] == [LOADED, DUPLICATE]

    class Strict(Keyless):
        max_reject_ratio: ClassVar[float] = 0.1

    monkeypatch.setitem(registry.CONTRACTS, "keyless", Strict)
    assert replays.run(history(engine, "a")[0]["id"])["state"] == "refused"

    assert names(engine) == "x y"
    assert history(engine, "b")[0]["state"] == "loaded"


def test_until_it_is_loaded_again_its_rows_stay_and_it_says_what_it_waits_for(
    uploads: Uploads, replays: Replays, engine: Engine
) -> None:
    uploads.put("a", "x y")
    asked = history(engine, "a")[0]["id"]

    found = replays.ask(asked)

    assert (found["state"], found["counts"]["read"], found["timings"]["finished_at"]) == (
        "received",
        None,
        None,
    )
    assert names(engine) == "x y"
    assert uploads.put("b", "x y") is DUPLICATE
    assert replays.ask(asked)["state"] == "received"
    assert uploads.load("a").state is LOADED  # whoever delivers it
    assert replays.seen(asked)["state"] == "loaded"


def test_while_it_is_loaded_again_it_shows_how_far_that_is(replays: Replays, engine: Engine) -> None:
    asked = replays.load("a", orders(1, 3))
    replays.ask(asked)
    with engine.begin() as connection:
        connection.execute(text("update ingest.ingestions set replaying = 'loading'"))
        entries.record_progress(connection, asked, rows=1, size=100)

    found = replays.seen(asked)
    assert (found["state"], found["bytes_read"], found["counts"]["read"]) == ("loading", 100, None)
    assert entry(engine, "sales/a.csv")["rows_read"] == 3


def test_the_sweep_loads_again_what_no_message_brought(
    replays: Replays, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    asked = [replays.load(name, content) for name, content in (("a", orders(1, 3)), ("b", b"x\n"))]
    for one in asked:
        replays.ask(one)

    assert sweep.sweep(engine, container, loader.load, 60, NO_MIN_AGE) == 2

    assert [replays.seen(one)["state"] for one in asked] == ["loaded", "refused"]


def test_a_message_that_cannot_be_sent_is_left_to_the_sweep(
    replays: Replays, container: ContainerClient, engine: Engine
) -> None:
    asked = replays.load("a", orders(1, 3))

    def fail(_: str) -> None:
        raise Unavailable("storage", "as the test wants it")

    replay_load.request_replay(engine, container, asked, fail)
    assert replays.seen(asked)["state"] == "received"


@pytest.mark.parametrize("change", ["delete", "replace"])
def test_a_version_that_is_gone_cannot_be_loaded(
    replays: Replays, container: ContainerClient, engine: Engine, change: str
) -> None:
    asked = replays.load("a", orders(1, 3))
    if change == "delete":
        container.delete_blob("sales/a.csv")
    else:
        container.upload_blob("sales/a.csv", orders(1, 3), overwrite=True)

    with pytest.raises(Gone, match=r"sales/a\.csv"):
        replays.ask(asked)

    assert replays.seen(asked)["state"] == "loaded"
    with pytest.raises(NotFound):
        replays.ask(uuid.UUID(int=0))


@pytest.mark.parametrize("change", ["delete", "replace"])
def test_a_version_that_goes_before_it_is_loaded_again_leaves_its_rows(
    uploads: Uploads, replays: Replays, container: ContainerClient, engine: Engine, change: str
) -> None:
    uploads.put("a", "x y")
    asked = history(engine, "a")[0]["id"]
    replays.ask(asked)
    if change == "delete":
        container.delete_blob("keyless/a.csv")
        uploads.load("a")
        assert names(engine) == "x y"
    else:
        assert uploads.put("a", "z") is LOADED
        assert names(engine) == "z"

    found = replays.seen(asked)
    assert (found["state"], found["error"]["code"]) == ("loaded", "replay_failed")
    assert "replaced or deleted" in found["error"]["detail"]


def test_a_replay_that_fails_leaves_what_was_there(
    replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replays.load("a", orders(1, 3))
    monkeypatch.setattr(FileLoader, "run", break_down)

    found = replays.run(asked)

    assert (found["state"], found["counts"]["inserted"]) == ("loaded", 3)
    assert found["error"]["code"] == "replay_failed"
    detail = "the rows loaded before are still in the table. Reason: as the test wants it"
    assert detail in found["error"]["detail"]
    assert len(table(engine)) == 3
    monkeypatch.undo()
    assert replays.run(asked)["error"] is None


def test_a_replay_that_meets_a_fault_that_may_pass_is_tried_again(
    replays: Replays, loader: BlobLoader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replays.load("a", orders(1, 3))
    replays.ask(asked)

    def fail(*_: object) -> None:
        raise Unavailable("postgres", "just now")

    monkeypatch.setattr(FileLoader, "run", fail)
    with pytest.raises(Unavailable):
        loader.load("sales/a.csv")
    found = replays.seen(asked)
    assert (found["state"], found["error"]["code"], len(table(engine))) == ("received", "unavailable", 3)

    monkeypatch.undo()
    assert loader.load("sales/a.csv").state is LOADED
    assert replays.seen(asked)["attempts"] == 2


def test_while_it_is_loaded_it_cannot_be_replayed_but_undone_after(
    replays: Replays, loader: BlobLoader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = replays.load("a", orders(1, 3))
    replays.ask(asked)
    run = FileLoader.run
    with Gate() as gate, ThreadPoolExecutor(1) as pool:

        def wait_and_run(*arguments: object) -> None:
            gate.go_through()
            run(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(FileLoader, "run", wait_and_run)
        loading = pool.submit(loader.load, "sales/a.csv")
        gate.wait()
        assert replays.seen(asked)["state"] == "loading"
        with pytest.raises(Conflict, match="being loaded"):
            replays.ask(asked)
        assert len(table(engine)) == 3  # those of before, for everybody else
        gate.open()
        assert loading.result().state is LOADED

    undo_load.undo_load(engine, asked)
    assert len(table(engine)) == 0


def test_undoing_overrules_a_replay_that_waits(replays: Replays, loader: BlobLoader, engine: Engine) -> None:
    asked = replays.load("a", orders(1, 3))
    replays.ask(asked)

    undo_load.undo_load(engine, asked)

    assert loader.load("sales/a.csv").state is State.UNDONE
    assert len(table(engine)) == 0
