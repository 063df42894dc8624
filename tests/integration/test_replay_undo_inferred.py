"""Replay, undo and correction of files of inferred datasets."""

from __future__ import annotations

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.errors import Conflict
from shared.queries import rejects
from shared.use_cases import undo_load
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry
from tests.integration.inferred_datasets import InferredDatasets
from tests.integration.loads import replay


def state_after_replay(engine: Engine, container: ContainerClient, loader: BlobLoader, path: str) -> str:
    replay(engine, container, loader, entry(engine, path)["id"])
    return str(entry(engine, path)["state"])


@pytest.mark.parametrize("key", [{}, {"key": "id"}])
def test_a_file_is_replayed_and_undone(
    inferred: InferredDatasets,
    engine: Engine,
    container: ContainerClient,
    loader: BlobLoader,
    key: dict[str, str],
) -> None:
    assert inferred.write("visits/a.csv", "id,name", "1,x", "2,y", **key)["state"] == "loaded"
    assert inferred.write("visits/b.csv", "id,name", "3,z")["state"] == "loaded"

    assert state_after_replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert sorted(inferred.rows("visits")) == [(1, "x"), (2, "y"), (3, "z")]

    undo_load.undo_load(engine, entry(engine, "visits/a.csv")["id"])
    assert inferred.rows("visits") == [(3, "z")]
    assert state_after_replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert len(inferred.rows("visits")) == 3


@pytest.mark.parametrize("created_by", ["other file", "replay"])
def test_a_replay_into_a_recreated_table_loads_the_rows_once(
    inferred: InferredDatasets,
    engine: Engine,
    container: ContainerClient,
    loader: BlobLoader,
    created_by: str,
) -> None:
    inferred.write("visits/a.csv", "id,name", "1,x", "2,y")
    inferred.run("drop table visits")
    if created_by == "other file":  # its load marks the loads of the dropped table as replaced
        inferred.write("visits/b.csv", "id,name", "3,z")
        assert entry(engine, "visits/a.csv")["replaced_by"]

    assert state_after_replay(engine, container, loader, "visits/a.csv") == "loaded"
    assert entry(engine, "visits/a.csv")["replaced_by"] is None
    assert inferred.write("visits/c.csv", "id,name", "1,x", "2,y")["state"] == "duplicate"

    assert sorted(inferred.rows("visits"))[:2] == [(1, "x"), (2, "y")]
    assert len(inferred.rows("visits")) == (3 if created_by == "other file" else 2)


def test_a_load_whose_table_was_dropped_cannot_be_undone(inferred: InferredDatasets, engine: Engine) -> None:
    ingestion_id = inferred.write("visits/a.csv", "id,name", "1,x")["id"]
    inferred.run("drop table visits")
    with pytest.raises(Conflict, match="table of the earlier rows, or its contract, does not exist"):
        undo_load.undo_load(engine, ingestion_id)


def test_the_reject_columns_of_a_corrected_file_are_not_loaded(
    inferred: InferredDatasets, engine: Engine
) -> None:
    first = inferred.write("visits/a.csv", "id,name", *(f"{n},x" for n in range(30)), "31,y,z")
    reject_file = rejects.reject_file(engine, first["id"], None, None).content.decode()
    header, row = reject_file.splitlines()
    assert (header, row.split(",")[:2], row.split(",")[-1]) == ("id,name,_line,_errors", ["31", "y"], "z")

    found = inferred.write("visits/b.csv", header, row.rpartition(",")[0])

    assert found["state"] == "loaded"
    assert [one["column"] for one in found["columns"]] == ["id", "name", None, None]
    assert list(inferred.types("visits")) == ["id", "name"]
    assert (31, "y") in inferred.rows("visits")
    again = inferred.write("others/c.csv", "name,_errors,_line", "x,no,7")
    assert (again["state"], inferred.rows("others")) == ("loaded", [("x",)])
    assert again["ignored_columns"] == ["_errors", "_line"]
