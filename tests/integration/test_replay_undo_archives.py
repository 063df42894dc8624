"""Replay and undo of an archive: with all of its files, or a single file."""

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
from shared.loading.file_loader import FileLoader
from shared.use_cases import undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import orders
from tests.integration.assertions import table
from tests.integration.loads import replay
from tests.integration.test_archives import PATH, entries, states, zipped

ALL_LOADED = {"": "loaded", "a.csv": "loaded", "b.csv": "loaded"}


class Archive:
    """An archive with two files: `a.csv` with two rows, `b.csv` with three."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._loader = loader
        self._container = container
        self._engine = engine
        self._content = zipped(a=orders(1, 2), b=orders(10, 3))

    def upload_and_load(self, path: str = PATH) -> State | None:
        self._container.upload_blob(path, self._content, overwrite=True)
        return self.deliver(path)

    def deliver(self, path: str = PATH) -> State | None:
        return self._loader.load(path).state

    def replay(self, member: str) -> None:
        """Replay a file of the archive, or the archive if `member` is empty."""
        replay(self._engine, self._container, self._loader, self.entry(member)["id"])

    def undo(self, member: str, path: str = PATH) -> None:
        undo_load.undo_load(self._engine, self.entry(member, path)["id"])

    def entry(self, member: str, path: str = PATH) -> dict[str, Any]:
        return entries(self._engine, path)[member]


@pytest.fixture
def archive(loader: BlobLoader, container: ContainerClient, engine: Engine) -> Iterator[Archive]:
    made = Archive(loader, container, engine)
    assert made.upload_and_load() is State.LOADED
    yield made
    with engine.connect() as connection:  # each row belongs to a loaded file, which has the rows it counted
        counts = connection.execute(
            text("""
            select entry.rows_inserted, count(_load) from sales full join (
                select * from ingest.ingestions where state = 'loaded' and member <> '') as entry
            on serial = _load group by serial, _load, entry.rows_inserted""")
        ).all()
    assert [inserted for inserted, _ in counts] == [rows for _, rows in counts]


def change_rows(engine: Engine) -> None:
    """Change every row, so that a replay has an effect."""
    with engine.begin() as connection:
        connection.execute(text("update sales set quantity = 99"))


def reloaded_rows(engine: Engine) -> list[str]:
    """The order numbers of the rows that have the value of their file again."""
    return sorted(one["sales_order_number"] for one in table(engine) if one["quantity"] == 1)


def test_an_archive_is_replayed_with_all_of_its_files(archive: Archive, engine: Engine) -> None:
    change_rows(engine)
    archive.replay("")
    assert states(engine) == ALL_LOADED
    assert reloaded_rows(engine) == ["SO1", "SO10", "SO11", "SO12", "SO2"]
    assert (archive.entry("")["rows_inserted"], archive.entry("")["replaying"]) == (5, None)


def test_a_single_file_of_an_archive_is_replayed(archive: Archive, engine: Engine) -> None:
    change_rows(engine)
    archive.replay("a.csv")
    assert states(engine) == ALL_LOADED
    assert reloaded_rows(engine) == ["SO1", "SO2"]
    assert archive.entry("b.csv")["attempts"] == 1


def test_an_archive_is_undone_with_all_of_its_files_and_replayed(archive: Archive, engine: Engine) -> None:
    archive.undo("")
    assert set(states(engine).values()) == {"undone"}
    assert len(table(engine)) == 0
    assert archive.entry("")["undone"]["rows_removed"] == 5
    assert archive.entry("b.csv")["undone"]["rows_removed"] == 3
    assert archive.deliver() is State.UNDONE

    archive.replay("")
    assert states(engine) == ALL_LOADED
    assert len(table(engine)) == 5


def test_a_single_file_of_an_archive_is_undone(archive: Archive, engine: Engine) -> None:
    archive.undo("a.csv")
    assert states(engine) == {**ALL_LOADED, "a.csv": "undone"}
    assert len(table(engine)) == 3
    archive.undo("")
    assert archive.entry("")["undone"]["rows_removed"] == 3
    assert len(table(engine)) == 0


def test_undoing_an_archive_without_loaded_files_removes_no_rows(archive: Archive, engine: Engine) -> None:
    archive.undo("a.csv")
    archive.undo("b.csv")
    archive.undo("")
    undone = archive.entry("")["undone"]
    assert (undone["rows_removed"], undone["rows_changed_since"]) == (0, 0)


def test_a_file_undone_concurrently_with_its_archive_is_undone_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = reassign_rows.remove_load_rows

    def undo_file_and_remove(connection: Connection, ingestion_id: uuid.UUID, state: State) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(reassign_rows, "remove_load_rows", remove)
            archive.undo("a.csv")
        return remove(connection, ingestion_id, state)

    monkeypatch.setattr(reassign_rows, "remove_load_rows", undo_file_and_remove)
    archive.undo("")

    assert archive.entry("a.csv")["undone"]["rows_removed"] == 2
    assert archive.entry("")["undone"]["rows_removed"] == 3


def test_the_same_archive_in_another_blob_takes_over_the_rows(archive: Archive, engine: Engine) -> None:
    assert archive.upload_and_load("sales/other.zip") is State.DUPLICATE
    archive.undo("")
    assert states(engine, "sales/other.zip") == ALL_LOADED
    assert len(table(engine)) == 5
    archive.undo("", "sales/other.zip")
    assert len(table(engine)) == 0


def test_an_interrupted_replay_continues_with_the_files_not_yet_replayed(
    archive: Archive, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_rows(engine)
    run, runs = FileLoader.run, iter(range(9))

    def run_once(*arguments: Any) -> None:
        if next(runs):
            raise Unavailable("postgres", "just now")
        run(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FileLoader, "run", run_once)
        archive.replay("")  # is interrupted after the first file
    assert len(table(engine)) == 5
    assert reloaded_rows(engine) == ["SO1", "SO2"]

    assert archive.deliver() is State.LOADED
    assert states(engine) == ALL_LOADED
    assert len(reloaded_rows(engine)) == 5
    assert archive.entry("a.csv")["attempts"] == 1
