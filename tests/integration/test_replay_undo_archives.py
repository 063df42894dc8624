"""Loading archives again and undoing them: all files in one, or one of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Connection, Engine, text

from shared.datasets import reassign_rows
from shared.errors import Unavailable
from shared.ledger.tables import State
from shared.loading.loader import FileLoader
from shared.use_cases import replay_load, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import orders
from tests.integration.assertions import table
from tests.integration.test_archives import PATH, entries, states, zipped

ALL_LOADED = {"": "loaded", "a.csv": "loaded", "b.csv": "loaded"}


class Archive:
    """One archive with two files, loaded."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._ingesting = loader
        self._container = container
        self._engine = engine
        self._content = zipped(a=orders(1, 2), b=orders(10, 3))

    def put(self, path: str = PATH) -> State | None:
        self._container.upload_blob(path, self._content, overwrite=True)
        return self.deliver(path)

    def deliver(self, path: str = PATH) -> State | None:
        return self._ingesting.load(path).state

    def replay(self, member: str) -> None:
        asked = self.entry(member)["id"]
        replay_load.request_replay(self._engine, self._container, asked, self._ingest)

    def undo(self, member: str, path: str = PATH) -> None:
        undo_load.undo_load(self._engine, self.entry(member, path)["id"])

    def entry(self, member: str, path: str = PATH) -> dict[str, Any]:
        return entries(self._engine, path)[member]

    def _ingest(self, path: str) -> None:
        self._ingesting.load(path)


@pytest.fixture
def archive(loader: BlobLoader, container: ContainerClient, engine: Engine) -> Iterator[Archive]:
    made = Archive(loader, container, engine)
    assert made.put() is State.LOADED
    yield made
    with engine.connect() as connection:  # each row is of a load, and each load has its rows
        counts = connection.execute(
            text("""
            select entry.rows_inserted, count(_load) from sales full join (
                select * from ingest.ingestions where state = 'loaded' and member <> '') as entry
            on serial = _load group by serial, _load, entry.rows_inserted""")
        ).all()
    assert [inserted for inserted, _ in counts] == [rows for _, rows in counts]


def spoil(engine: Engine) -> None:
    """Change every row, so that a load again is seen."""
    with engine.begin() as connection:
        connection.execute(text("update sales set quantity = 99"))


def fresh(engine: Engine) -> list[str]:
    return sorted(one["sales_order_number"] for one in table(engine) if one["quantity"] == 1)


def test_an_archive_is_loaded_again_with_all_files_in_it(archive: Archive, engine: Engine) -> None:
    spoil(engine)
    archive.replay("")
    assert states(engine) == ALL_LOADED
    assert fresh(engine) == ["SO1", "SO10", "SO11", "SO12", "SO2"]
    assert (archive.entry("")["rows_inserted"], archive.entry("")["replaying"]) == (5, None)


def test_one_file_of_an_archive_is_loaded_again_alone(archive: Archive, engine: Engine) -> None:
    spoil(engine)
    archive.replay("a.csv")
    assert states(engine) == ALL_LOADED
    assert fresh(engine) == ["SO1", "SO2"]
    assert archive.entry("b.csv")["attempts"] == 1


def test_an_archive_is_undone_with_all_files_in_it_and_replayed(archive: Archive, engine: Engine) -> None:
    archive.undo("")
    assert set(states(engine).values()) == {"undone"}
    assert len(table(engine)) == 0
    assert archive.entry("")["undone"]["rows_removed"] == 5
    assert archive.entry("b.csv")["undone"]["rows_removed"] == 3
    assert archive.deliver() is State.UNDONE

    archive.replay("")
    assert states(engine) == ALL_LOADED
    assert len(table(engine)) == 5


def test_one_file_of_an_archive_is_undone_alone(archive: Archive, engine: Engine) -> None:
    archive.undo("a.csv")
    assert states(engine) == {**ALL_LOADED, "a.csv": "undone"}
    assert len(table(engine)) == 3
    archive.undo("")
    assert archive.entry("")["undone"]["rows_removed"] == 3
    assert len(table(engine)) == 0


def test_an_archive_whose_files_were_undone_before_had_no_rows_any_more(
    archive: Archive, engine: Engine
) -> None:
    archive.undo("a.csv")
    archive.undo("b.csv")
    archive.undo("")
    undone = archive.entry("")["undone"]
    assert (undone["rows_removed"], undone["rows_changed_since"]) == (0, 0)


def test_a_file_that_is_undone_at_the_same_time_as_its_archive_is_undone_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = reassign_rows.remove_load_rows

    def release_after(connection: Connection, ingestion_id: uuid.UUID, state: State) -> Any:
        with monkeypatch.context() as aside:
            aside.setattr(reassign_rows, "remove_load_rows", release)
            archive.undo("a.csv")
        return release(connection, ingestion_id, state)

    monkeypatch.setattr(reassign_rows, "remove_load_rows", release_after)
    archive.undo("")

    assert archive.entry("a.csv")["undone"]["rows_removed"] == 2
    assert archive.entry("")["undone"]["rows_removed"] == 3


def test_the_same_archive_elsewhere_takes_the_rows_over(archive: Archive, engine: Engine) -> None:
    assert archive.put("sales/other.zip") is State.DUPLICATE
    archive.undo("")
    assert states(engine, "sales/other.zip") == ALL_LOADED
    assert len(table(engine)) == 5
    archive.undo("", "sales/other.zip")
    assert len(table(engine)) == 0


def test_a_replay_that_breaks_off_goes_on_where_it_was(
    archive: Archive, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(engine)
    run, runs = FileLoader.run, iter(range(9))

    def run_once(*arguments: Any) -> None:
        if next(runs):
            raise Unavailable("postgres", "just now")
        run(*arguments)

    with monkeypatch.context() as meddling:
        meddling.setattr(FileLoader, "run", run_once)
        archive.replay("")  # its message breaks off, and comes again
    assert len(table(engine)) == 5
    assert fresh(engine) == ["SO1", "SO2"]

    assert archive.deliver() is State.LOADED
    assert states(engine) == ALL_LOADED
    assert len(fresh(engine)) == 5
    assert archive.entry("a.csv")["attempts"] == 1
