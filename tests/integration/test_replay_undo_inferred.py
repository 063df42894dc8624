"""Loading again, undoing and correcting files of datasets that nobody declared."""

from __future__ import annotations

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.errors import Conflict
from shared.queries import rejects
from shared.use_cases import replay_load, undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry
from tests.integration.inferred_datasets import InferredDatasets


@pytest.fixture
def inferred(loader: BlobLoader, container: ContainerClient, engine: Engine) -> InferredDatasets:
    return InferredDatasets(loader, container, engine)


def replay(engine: Engine, container: ContainerClient, loader: BlobLoader, path: str) -> str:
    def deliver(path: str) -> None:
        loader.load(path)

    replay_load.request_replay(engine, container, entry(engine, path)["id"], deliver)
    return str(entry(engine, path)["state"])


@pytest.mark.parametrize("key", [{}, {"key": "id"}])
def test_a_file_is_loaded_again_and_undone(
    inferred: InferredDatasets,
    engine: Engine,
    container: ContainerClient,
    loader: BlobLoader,
    key: dict[str, str],
) -> None:
    assert inferred.write("visits/a.csv", "id,name", "1,x", "2,y", **key)["state"] == "loaded"
    assert inferred.write("visits/b.csv", "id,name", "3,z")["state"] == "loaded"

    assert replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert sorted(inferred.rows("visits")) == [(1, "x"), (2, "y"), (3, "z")]

    undo_load.undo_load(engine, entry(engine, "visits/a.csv")["id"])
    assert inferred.rows("visits") == [(3, "z")]
    assert replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert len(inferred.rows("visits")) == 3


@pytest.mark.parametrize("again", ["b", "a"])
def test_what_is_loaded_again_into_a_new_table_is_there_once(
    inferred: InferredDatasets, engine: Engine, container: ContainerClient, loader: BlobLoader, again: str
) -> None:
    inferred.write("visits/a.csv", "id,name", "1,x", "2,y")
    inferred.run("drop table visits")
    if again == "b":  # the table is made anew by another file, which replaces what was lost with the old one
        inferred.write("visits/b.csv", "id,name", "3,z")
        assert entry(engine, "visits/a.csv")["replaced_by"]

    assert replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert entry(engine, "visits/a.csv")["replaced_by"] is None
    assert inferred.write("visits/c.csv", "id,name", "1,x", "2,y")["state"] == "duplicate"

    assert sorted(inferred.rows("visits"))[:2] == [(1, "x"), (2, "y")]
    assert len(inferred.rows("visits")) == (3 if again == "b" else 2)


def test_rows_that_went_with_their_table_cannot_be_undone(inferred: InferredDatasets, engine: Engine) -> None:
    asked = inferred.write("visits/a.csv", "id,name", "1,x")["id"]
    inferred.run("drop table visits")
    with pytest.raises(Conflict, match="table of the earlier rows, or its contract, does not exist"):
        undo_load.undo_load(engine, asked)


def test_notes_of_a_correction_make_no_columns(inferred: InferredDatasets, engine: Engine) -> None:
    first = inferred.write("visits/a.csv", "id,name", *(f"{n},x" for n in range(30)), "31,y,z")
    sheet = rejects.reject_file(engine, first["id"], None, None).content.decode()
    header, row = sheet.splitlines()
    assert (header, row.split(",")[:2], row.split(",")[-1]) == ("id,name,_line,_errors", ["31", "y"], "z")

    found = inferred.write("visits/b.csv", header, row.rpartition(",")[0])

    assert found["state"] == "loaded"
    assert [one["column"] for one in found["columns"]] == ["id", "name", None, None]
    assert list(inferred.types("visits")) == ["id", "name"]
    assert (31, "y") in inferred.rows("visits")
    again = inferred.write("others/c.csv", "name,_errors,_line", "x,no,7")
    assert (again["state"], inferred.rows("others")) == ("loaded", [("x",)])
    assert again["ignored_columns"] == ["_errors", "_line"]
