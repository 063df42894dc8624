"""Archives without a key: the table has the rows of the files in the newest version of each blob."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from pydantic import Field
from sqlalchemy import Engine, text

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.migrate import migrate
from tests.fixtures.barriers import Gate
from tests.integration.keyless_dataset import names, require_consistent

LOADED, DUPLICATE = State.LOADED, State.DUPLICATE


class Keyless(Contract):
    """A dataset whose files add rows."""

    dataset: ClassVar[str] = "keyless"
    max_reject_ratio: ClassVar[float] = 0.0

    name: Annotated[str, Field(max_length=3)]


class Archives:
    """Uploads and loads blobs of the dataset; each word is a row."""

    def __init__(self, container: ContainerClient, loader: BlobLoader) -> None:
        self._container = container
        self._loader = loader

    def put(self, blob: str, **names: str) -> State | None:
        """Upload an archive with a file for each of `names`, and load it."""
        self.upload(blob, **names)
        return self.load(blob)

    def upload(self, blob: str, **names: str) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for member, rows in names.items():
                archive.writestr(zipfile.ZipInfo(f"{member}.csv"), _content(rows))
        self._container.upload_blob(f"keyless/{blob}", file.getvalue(), overwrite=True)

    def put_file(self, blob: str, names: str) -> State | None:
        self._container.upload_blob(f"keyless/{blob}", _content(names), overwrite=True)
        return self.load(blob)

    def load(self, blob: str) -> State | None:
        return self._loader.load(f"keyless/{blob}").state


def _content(names: str) -> str:
    return "\n".join(["name", *names.split(), ""])


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setitem(registry.CONTRACTS, Keyless.dataset, Keyless)
    migrate(database_url)


@pytest.fixture
def archives(container: ContainerClient, loader: BlobLoader, engine: Engine) -> Iterator[Archives]:
    """Check after each test that each row belongs to a loaded file, and each loaded file has its rows."""
    yield Archives(container, loader)
    require_consistent(engine)


def history(engine: Engine, blob: str) -> list[tuple[str, str, bool]]:
    """Return member, state and whether it was replaced, for all entries of a blob, oldest first."""
    query = text("select * from ingest.ingestions where path = :path order by serial")
    with engine.connect() as connection:
        found: list[Any] = list(connection.execute(query, {"path": f"keyless/{blob}"}).mappings())
    return [(entry["member"], entry["state"], entry["replaced_by"] is not None) for entry in found]


def test_files_of_one_version_do_not_replace_each_other(archives: Archives, engine: Engine) -> None:
    assert archives.put("z.zip", a="x y", b="z", c="z") is LOADED

    assert names(engine) == "x y z"
    assert history(engine, "z.zip") == [
        ("", "loaded", False),
        ("a.csv", "loaded", False),
        ("b.csv", "loaded", False),
        ("c.csv", "duplicate", False),
    ]


def test_a_new_version_replaces_all_files_of_the_old_one(archives: Archives, engine: Engine) -> None:
    archives.put("z.zip", a="1", b="2", c="3")

    assert archives.put("z.zip", a="1", b="4") is LOADED

    assert names(engine) == "1 4"
    assert history(engine, "z.zip")[:4] == [
        ("", "loaded", True),
        ("a.csv", "loaded", False),  # the new one is its duplicate
        ("b.csv", "loaded", True),
        ("c.csv", "loaded", True),
    ]
    assert archives.put("z.zip", b="5") is LOADED
    assert names(engine) == "5"


def test_a_file_that_is_refused_in_a_new_version_keeps_its_old_rows(
    archives: Archives, engine: Engine
) -> None:
    archives.put("z.zip", a="1", b="2")

    assert archives.put("z.zip", a="toolong", b="3") is LOADED
    assert names(engine) == "1 3"

    assert archives.put("z.zip", a="toolong", b="toolong") is State.REFUSED
    assert names(engine) == "1 3"


def test_files_that_swap_their_contents_keep_their_rows(archives: Archives, engine: Engine) -> None:
    archives.put("z.zip", a="1", b="2")

    assert archives.put("z.zip", a="2", b="1") is LOADED

    assert names(engine) == "1 2"


def test_a_renamed_file_keeps_its_rows_until_it_changes(archives: Archives, engine: Engine) -> None:
    archives.put("z.zip", a="1")

    archives.put("z.zip", b="1")
    assert names(engine) == "1"
    archives.put("z.zip", b="2")

    assert names(engine) == "2"


def test_the_same_archive_again_is_a_duplicate_that_the_next_version_replaces(
    archives: Archives, engine: Engine
) -> None:
    assert [archives.put("z.zip", a="1", b="2") for _ in range(2)] == [LOADED, DUPLICATE]
    assert names(engine) == "1 2"

    assert archives.put("z.zip", a="3") is LOADED

    assert names(engine) == "3"


def test_rows_that_another_archive_has_are_kept(archives: Archives, engine: Engine) -> None:
    archives.put("z.zip", a="1", b="2")
    assert archives.put("y.zip", a="1", b="2") is DUPLICATE
    assert archives.put_file("file.csv", "2") is DUPLICATE

    assert archives.put("z.zip", a="3") is LOADED

    assert names(engine) == "1 2 3"
    assert history(engine, "y.zip") == [
        ("", "loaded", False),
        ("a.csv", "loaded", False),
        ("b.csv", "loaded", False),
    ]
    assert archives.put("y.zip", a="4") is LOADED
    assert names(engine) == "2 3 4"  # file.csv has row 2


def test_a_file_can_replace_an_archive_and_an_archive_a_file(archives: Archives, engine: Engine) -> None:
    archives.put_file("z.zip", "1")
    archives.put("z.zip", a="2", b="3")
    assert names(engine) == "2 3"

    assert archives.put_file("z.zip", "3 4") is LOADED
    assert names(engine) == "3 4"

    archives.put("z.zip", a="3 4")  # the file's own bytes
    assert names(engine) == "3 4"
    archives.put("z.zip", a="5")
    assert names(engine) == "5"


def test_a_new_version_waits_for_the_archive_before_it(
    archives: Archives, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives.upload("z.zip", a="1", b="2", c="3")
    run = FileLoader.run
    loads: list[FileLoader] = []

    with ThreadPoolExecutor(2) as pool, Gate() as gate:

        def run_after_the_gate(load: FileLoader, *arguments: Any) -> None:
            loads.append(load)
            if len(loads) == 2:
                gate.go_through()
            run(load, *arguments)

        monkeypatch.setattr(FileLoader, "run", run_after_the_gate)
        old = pool.submit(archives.load, "z.zip")
        gate.wait()
        archives.upload("z.zip", c="4")
        new = pool.submit(archives.load, "z.zip")
        gate.open()

        assert (old.result(30), new.result(30)) == (LOADED, LOADED)

    assert names(engine) == "4"
