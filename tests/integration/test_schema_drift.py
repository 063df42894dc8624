"""Schema drift: tables that were changed manually, or differ from the ledger."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.datasets import schema_evolution
from shared.errors import Conflict, SettingsError, Unavailable
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.migrate import migrate
from shared.use_cases.set_key import set_key
from tests.fixtures.samples import csv, row
from tests.integration.assertions import entry
from tests.integration.inferred_datasets import InferredDatasets
from tests.integration.test_adopt_table import Declare, declare, declared

__all__ = ["declare"]  # a fixture

CHANGES = {
    "alter table zoo alter n type double precision": "column n is double precision, recorded as bigint",
    "alter table zoo alter n type timestamp using now()": (
        "column n is timestamp without time zone, recorded as bigint"
    ),
    "alter table zoo drop column n": "column n is missing, recorded as bigint",
    "alter table zoo alter p type numeric(3, 1)": "column p is numeric(3,1), recorded as numeric",
    "alter table zoo drop column _line": "column _line is missing, recorded as bigint",
}


@pytest.mark.parametrize("statement", CHANGES)
def test_a_manually_changed_table_accepts_no_rows_until_it_is_changed_back(
    statement: str, inferred: InferredDatasets, engine: Engine
) -> None:
    inferred.write("zoo/a.csv", "id,n,p", "1,5,1.5")
    inferred.run(statement)

    message = re.escape(f"table zoo was changed manually: {CHANGES[statement]};")
    with pytest.raises(Unavailable, match=message):
        inferred.write("zoo/b.csv", "id,n,p", "2,7,2.5")
    with pytest.raises(Unavailable, match=message):
        inferred.write("zoo/c.csv", "id,n,p,extra", "2,7,2.5,x")

    assert entry(engine, "zoo/b.csv")["error"]["transient"]
    assert inferred.query("select id from zoo") == [(1,)]
    assert "extra" not in inferred.types("zoo")


def test_a_file_waits_if_its_new_column_was_added_manually(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    inferred.run("alter table zoo add column extra date")

    with pytest.raises(Unavailable, match="changed manually: column extra is date, not recorded"):
        inferred.write("zoo/b.csv", "id,n,extra", "2,7,x")
    assert inferred.write("zoo/c.csv", "id,n", "2,7")["state"] == "loaded"


def test_extra_columns_and_domains_are_allowed(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    inferred.run("create domain positive as bigint check (value > 0)")
    inferred.run("alter table zoo alter n type positive, add column cage text default 'ours'")

    assert inferred.write("zoo/b.csv", "id,n", "2,7")["state"] == "loaded"
    assert inferred.query("select id, n, cage from zoo order by id") == [(1, 5, "ours"), (2, 7, "ours")]


def test_a_declared_dataset_waits_for_migrate_if_types_differ(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    declare(declared("id: BigInt", "n: Annotated[float, Field(allow_inf_nan=False)]"))

    message = "column n is bigint, the contract wants double precision; run `python3 dev migrate`"
    with pytest.raises(Unavailable, match=re.escape(message)):
        inferred.write("zoo/b.csv", "id,n", "2,7.5")
    assert inferred.query("select id, n from zoo") == [(1, 5)]

    migrate(database_url)
    assert inferred.write("zoo/c.csv", "id,n", "2,7.5")["state"] == "loaded"
    assert inferred.query("select id, n from zoo order by id") == [(1, 5.0), (2, 7.5)]


def test_a_manually_altered_declared_table_accepts_no_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table sales alter quantity type double precision"))
    container.upload_blob("sales/a.csv", csv(row(1)))

    with pytest.raises(Unavailable, match="column quantity is double precision, the contract wants bigint"):
        loader.load("sales/a.csv")


def test_a_file_with_a_too_long_key_value_is_refused(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,n", "x,5", key="id")
    declare(declared("id: str", "n: BigInt", key="('id',)"))
    migrate(database_url)
    long = "".join(map(str, range(9000)))

    refused = inferred.write("zoo/b.csv", "id,n", "y,6", f"{long},7")

    assert (refused["state"], refused["error"]["code"]) == ("refused", "row_too_large")
    assert inferred.rows("zoo") == [("x", 5)]


def test_the_error_names_a_view_that_prevents_a_change(
    inferred: InferredDatasets, declare: Declare, engine: Engine, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,n", "x,5")
    inferred.run("create view cage as select * from zoo")
    named = r"view cage depends on column \"?{}\"?"

    failed = inferred.write("zoo/b.csv", "id,n", "y,6.5")
    assert failed["state"] == "failed"
    assert re.search(named.format("n"), failed["error"]["detail"])
    with pytest.raises(Conflict, match=named.format("id")):
        set_key(engine, "zoo", ["id"])
    assert set_key(engine, "zoo", ["n"]).contract.key == ("n",)
    declare(declared("id: str", "n: Annotated[float, Field(allow_inf_nan=False)]", key="('n',)"))
    with pytest.raises(SettingsError, match=named.format("n")):
        migrate(database_url)


def test_a_column_sorted_by_bytes_can_become_the_key_below_a_view(
    inferred: InferredDatasets, engine: Engine
) -> None:
    inferred.write("zoo/a.csv", "id,n", "x,5")
    inferred.run('alter table zoo alter id type text collate "C"')
    inferred.run("create view cage as select * from zoo")

    assert set_key(engine, "zoo", ["id"]).contract.key == ("id",)


def test_a_dataset_cannot_have_the_name_of_an_index(
    inferred: InferredDatasets, declare: Declare, engine: Engine, database_url: str
) -> None:
    for name in ("zoo_pkey", "zoo_load_line"):
        error = inferred.write(f"{name}/a.csv", "id", "1")["error"]
        assert (error["code"], "_pkey or _load_line" in error["detail"]) == ("bad_dataset_name", True)
    inferred.write("zoo/a.csv", "id,n", "1,5")
    inferred.run("create table zoo_pkey (id int)")

    with pytest.raises(Conflict, match="zoo_pkey"):
        set_key(engine, "zoo", ["id"])
    declare(declared("id: BigInt", "n: BigInt", key="('id',)"))
    with pytest.raises(SettingsError, match="zoo_pkey"):
        migrate(database_url)


def test_the_next_file_recreates_a_dropped_table(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    inferred.write("zoo/b.csv", "id,n", "1,5")
    inferred.run("drop table zoo")

    again = inferred.write("zoo/c.csv", "id,n", "1,5")

    assert (again["state"], again["rows_inserted"]) == ("loaded", 1)
    assert inferred.rows("zoo") == [(1, 5)]
    assert [one["change"] for one in inferred.changes("zoo")] == ["created", "created"]
    assert inferred.write("zoo/d.csv", "id,n", "1,5")["state"] == "duplicate"
    inferred.run("drop table zoo")
    assert inferred.write("zoo/e.csv", "other", "x")["state"] == "loaded"
    assert inferred.types("zoo") == {"other": "text"}


def test_migrate_recreates_a_dropped_table_from_the_contract(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    inferred.run("drop table zoo")
    declare(declared("id: BigInt", "n: BigInt"))

    assert migrate(database_url) == ["table zoo: created from contract Zoo"]
    assert migrate(database_url) == ["the database is up to date"]
    assert inferred.query("select columns is null from ingest.datasets where name = 'zoo'") == [(True,)]
    assert inferred.write("zoo/b.csv", "id,n", "2,6")["state"] == "loaded"


def test_a_change_gives_up_waiting_for_a_long_load(inferred: InferredDatasets, engine: Engine) -> None:
    inferred.write("zoo/a.csv", "id,n", "1,5")
    with (
        engine.begin() as load,
        patch.object(schema_evolution, "_DATASET_LOCK_TIMEOUT_SECONDS", 0.2),
    ):
        load.execute(text("select pg_advisory_xact_lock_shared(hashtextextended('loads of zoo', 0))"))
        with pytest.raises(Unavailable, match="lock"):
            inferred.write("zoo/b.csv", "id,n", "2,x")
        assert inferred.write("zoo/c.csv", "id,n", "2,6")["state"] == "loaded"
