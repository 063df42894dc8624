"""A replay loads the same version of a blob again, whatever its state is."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.contracts import registry
from shared.contracts.sales import Sales
from shared.errors import Conflict, Gone, LoadFailed, NotFound, Unavailable
from shared.http.ingestion_models import Ingestion
from shared.ledger import entries
from shared.ledger.tables import State
from shared.queries import ingestions
from shared.use_cases import replay_load, sweep, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration import loads
from tests.integration.assertions import entry, table
from tests.integration.keyless_dataset import Keyless, Uploads, history, names
from tests.integration.loads import fail_loads, paused_load
from tests.integration.test_sweep import NO_MIN_AGE

LOADED, DUPLICATE = State.LOADED, State.DUPLICATE


class StrictKeyless(Keyless):
    """Refuses a file that `Keyless` loads with rejects."""

    max_reject_ratio: ClassVar[float] = 0.1


class Replays:
    """Requests replays of one container's blobs; delivers their messages or not."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._loader = loader
        self._container = container
        self._engine = engine

    def load(self, name: str, content: bytes) -> uuid.UUID:
        """Load `sales/<name>.csv` for the first time."""
        return loads.load(self._loader, self._container, name, content)

    def run(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """Request a replay, deliver its message, return the ingestion."""
        loads.replay(self._engine, self._container, self._loader, ingestion_id)
        return self.ingestion(ingestion_id)

    def request(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """Request a replay whose message is lost; return the ingestion."""
        replay_load.request_replay(self._engine, self._container, ingestion_id, lambda _: None)
        return self.ingestion(ingestion_id)

    def ingestion(self, ingestion_id: uuid.UUID) -> dict[str, Any]:
        """The ingestion as callers get it."""
        return Ingestion.from_view(ingestions.find_ingestion(self._engine, ingestion_id)).as_json()


@pytest.fixture
def replays(loader: BlobLoader, container: ContainerClient, engine: Engine) -> Replays:
    return Replays(loader, container, engine)


def test_a_loaded_file_is_loaded_again_under_its_ledger_number(replays: Replays, engine: Engine) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    replays.load("b", csv(row(3, price="5")))
    before = entry(engine, "sales/a.csv")
    with engine.begin() as connection:
        connection.execute(text("update sales set quantity = 99 where sales_order_number = 'SO1'"))

    found = replays.run(ingestion_id)

    assert (found["state"], found["attempts"], found["error"]) == ("loaded", 1, None)
    # The third row was a row of the other file.
    assert (found["counts"]["inserted"], found["counts"]["updated"]) == (2, 1)
    assert [(one["sales_order_number"], one["quantity"]) for one in table(engine)] == [
        ("SO1", 1),
        ("SO2", 1),
        ("SO3", 1),
    ]
    after = entry(engine, "sales/a.csv")
    assert (after["serial"], after["replaying"]) == (before["serial"], None)
    assert after["started_at"] > before["started_at"]


def test_rows_without_a_key_are_loaded_once(uploads: Uploads, replays: Replays, engine: Engine) -> None:
    uploads.put("a", "x y y")
    uploads.put("b", "z")
    ingestion_id = history(engine, "a")[0]["id"]

    assert [replays.run(ingestion_id)["state"] for _ in range(2)] == ["loaded", "loaded"]

    assert names(engine) == "x y y z"


def test_a_replayed_duplicate_is_a_duplicate_again(
    uploads: Uploads, replays: Replays, engine: Engine
) -> None:
    assert [uploads.put(blob, "x y") for blob in "ab"] == [LOADED, DUPLICATE]
    original, duplicate = (history(engine, blob)[0]["id"] for blob in "ab")

    assert replays.run(duplicate)["duplicate_of"] == str(original)
    assert replays.run(original)["state"] == "loaded"  # not a duplicate of itself

    assert names(engine) == "x y"


def test_an_undone_file_is_loaded_again(replays: Replays, engine: Engine) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    undo_load.undo_load(engine, ingestion_id)

    found = replays.run(ingestion_id)

    assert (found["state"], found["undone"], len(table(engine))) == ("loaded", None, 3)


def test_a_refused_file_is_validated_again(
    replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion_id = replays.load("a", csv(row(1), row(2, quantity="many")))
    assert entry(engine, "sales/a.csv")["state"] == "refused"
    assert replays.run(ingestion_id)["counts"]["rejected"] == 1

    class TolerantSales(Sales):
        max_reject_ratio: ClassVar[float] = 0.5

    monkeypatch.setitem(registry.CONTRACTS, "sales", TolerantSales)
    found = replays.run(ingestion_id)

    assert (found["state"], found["error"], found["counts"]["inserted"]) == ("loaded", None, 1)


def test_the_rows_of_a_file_that_is_now_refused_are_removed(
    uploads: Uploads, replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for blob, letters in (("a", "x y toolong"), ("b", "z")):
        uploads.put(blob, letters)
    (a,), (b,) = (history(engine, blob) for blob in "ab")

    monkeypatch.setitem(registry.CONTRACTS, "keyless", StrictKeyless)
    found = replays.run(a["id"])

    assert (found["state"], found["counts"]["rejected"], found["counts"]["inserted"]) == ("refused", 1, 0)
    assert names(engine) == "z"
    assert replays.run(b["id"])["state"] == "loaded"


def test_a_duplicate_takes_over_the_rows_of_a_file_that_is_now_refused(
    uploads: Uploads, replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [uploads.put(blob, "x y toolong") for blob in "ab"] == [LOADED, DUPLICATE]

    monkeypatch.setitem(registry.CONTRACTS, "keyless", StrictKeyless)
    assert replays.run(history(engine, "a")[0]["id"])["state"] == "refused"

    assert names(engine) == "x y"
    assert history(engine, "b")[0]["state"] == "loaded"


def test_a_requested_replay_keeps_the_rows_and_is_done_by_the_next_delivery(
    uploads: Uploads, replays: Replays, engine: Engine
) -> None:
    uploads.put("a", "x y")
    ingestion_id = history(engine, "a")[0]["id"]

    found = replays.request(ingestion_id)

    assert (found["state"], found["counts"]["read"], found["timings"]["finished_at"]) == (
        "received",
        None,
        None,
    )
    assert names(engine) == "x y"
    assert uploads.put("b", "x y") is DUPLICATE
    assert replays.request(ingestion_id)["state"] == "received"
    assert uploads.load("a").state is LOADED
    assert replays.ingestion(ingestion_id)["state"] == "loaded"


def test_a_replay_in_progress_shows_its_progress(replays: Replays, engine: Engine) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    replays.request(ingestion_id)
    with engine.begin() as connection:
        connection.execute(text("update ingest.ingestions set replaying = 'loading'"))
        entries.record_progress(connection, ingestion_id, rows=1, size=100)

    found = replays.ingestion(ingestion_id)
    assert (found["state"], found["bytes_read"], found["counts"]["read"]) == ("loading", 100, None)
    assert entry(engine, "sales/a.csv")["rows_read"] == 3


def test_the_sweep_runs_replays_whose_message_is_lost(
    replays: Replays, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ids = [replays.load(name, content) for name, content in (("a", orders(1, 3)), ("b", b"x\n"))]
    for ingestion_id in ids:
        replays.request(ingestion_id)

    assert sweep.sweep(engine, container, loader.load, 60, NO_MIN_AGE) == 2

    assert [replays.ingestion(ingestion_id)["state"] for ingestion_id in ids] == ["loaded", "refused"]


def test_a_replay_is_requested_although_its_message_cannot_be_sent(
    replays: Replays, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = replays.load("a", orders(1, 3))

    def fail(_: str) -> None:
        raise Unavailable("storage", "as the test wants it")

    replay_load.request_replay(engine, container, ingestion_id, fail)
    assert replays.ingestion(ingestion_id)["state"] == "received"


@pytest.mark.parametrize("change", ["delete", "replace"])
def test_a_deleted_or_replaced_version_cannot_be_replayed(
    replays: Replays, container: ContainerClient, change: str
) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    if change == "delete":
        container.delete_blob("sales/a.csv")
    else:
        container.upload_blob("sales/a.csv", orders(1, 3), overwrite=True)

    with pytest.raises(Gone, match=r"sales/a\.csv"):
        replays.request(ingestion_id)

    assert replays.ingestion(ingestion_id)["state"] == "loaded"


def test_an_unknown_ingestion_cannot_be_replayed(replays: Replays) -> None:
    with pytest.raises(NotFound):
        replays.request(uuid.UUID(int=0))


@pytest.mark.parametrize("change", ["delete", "replace"])
def test_a_version_deleted_or_replaced_before_its_replay_stays_loaded_with_an_error(
    uploads: Uploads, replays: Replays, container: ContainerClient, engine: Engine, change: str
) -> None:
    uploads.put("a", "x y")
    ingestion_id = history(engine, "a")[0]["id"]
    replays.request(ingestion_id)
    if change == "delete":
        container.delete_blob("keyless/a.csv")
        uploads.load("a")
        assert names(engine) == "x y"
    else:
        assert uploads.put("a", "z") is LOADED
        assert names(engine) == "z"

    found = replays.ingestion(ingestion_id)
    assert (found["state"], found["error"]["code"]) == ("loaded", "replay_failed")
    assert "replaced or deleted" in found["error"]["detail"]


def test_a_failed_replay_keeps_the_rows(
    replays: Replays, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    fail_loads(monkeypatch, LoadFailed("as the test wants it"))

    found = replays.run(ingestion_id)

    assert (found["state"], found["counts"]["inserted"]) == ("loaded", 3)
    assert found["error"]["code"] == "replay_failed"
    detail = "the rows loaded before are still in the table. Reason: as the test wants it"
    assert detail in found["error"]["detail"]
    assert len(table(engine)) == 3
    monkeypatch.undo()
    assert replays.run(ingestion_id)["error"] is None


def test_a_replay_that_fails_temporarily_is_retried(
    replays: Replays, loader: BlobLoader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    replays.request(ingestion_id)

    fail_loads(monkeypatch, Unavailable("postgres", "just now"))
    with pytest.raises(Unavailable):
        loader.load("sales/a.csv")
    found = replays.ingestion(ingestion_id)
    assert (found["state"], found["error"]["code"], len(table(engine))) == ("received", "unavailable", 3)

    monkeypatch.undo()
    assert loader.load("sales/a.csv").state is LOADED
    assert replays.ingestion(ingestion_id)["attempts"] == 2


def test_a_load_in_progress_cannot_be_replayed_and_can_be_undone_afterwards(
    replays: Replays, loader: BlobLoader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    replays.request(ingestion_id)
    with paused_load(loader, "sales/a.csv", monkeypatch) as loading:
        assert replays.ingestion(ingestion_id)["state"] == "loading"
        with pytest.raises(Conflict, match="being loaded"):
            replays.request(ingestion_id)
        assert len(table(engine)) == 3  # other transactions still read the rows of the first load
        assert not loading.done()
    assert loading.result().state is LOADED

    undo_load.undo_load(engine, ingestion_id)
    assert len(table(engine)) == 0


def test_an_undo_cancels_a_requested_replay(replays: Replays, loader: BlobLoader, engine: Engine) -> None:
    ingestion_id = replays.load("a", orders(1, 3))
    replays.request(ingestion_id)

    undo_load.undo_load(engine, ingestion_id)

    assert loader.load("sales/a.csv").state is State.UNDONE
    assert len(table(engine)) == 0
