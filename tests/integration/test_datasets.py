"""Descriptions of declared and inferred datasets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from dev.paths import ROOT
from shared.contracts.column_types import Kind
from shared.datasets import tables
from shared.errors import NotFound
from shared.http.dataset_models import Dataset
from shared.inference.table_columns import TableColumn
from shared.inference.widening import Type
from shared.queries import describe_datasets
from shared.queries.describe_datasets import DatasetDescription
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import orders

COLUMNS = (
    TableColumn("id", Type(Kind.BIGINT), nullable=False, headers=("ID",)),
    TableColumn("price", Type(Kind.NUMERIC, 3, 2), nullable=True, nulls=("N/A",)),
)


def enter(engine: Engine, name: str, rows: int = 0) -> None:
    """Add an inferred dataset with a table of `rows` rows, as a load would have created it."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ingest.datasets (name, commits, columns, key) values (:name, 0, :columns, '{}')"
            ),
            {"name": name, "columns": json.dumps([column.as_json() for column in COLUMNS])},
        )
        connection.execute(
            text(
                f"create table {name} (id, price, _load, _line) as "  # noqa: S608 - names of the tests' own
                f"select n, 1.5::numeric, 0::bigint, n from generate_series(1, {rows}) n"
            )
        )


def enter_change(engine: Engine, name: str, column: str) -> None:
    """Record a change of the dataset's table that no file caused."""
    with engine.begin() as connection:
        connection.execute(
            text("insert into ingest.dataset_changes (dataset, change) values (:name, :change)"),
            {"name": name, "change": json.dumps({"column": column, "change": "added", "type": "text"})},
        )


def described(engine: Engine, name: str) -> dict[str, Any]:
    """The dataset as the API returns it."""
    return Dataset.from_description(describe_datasets.describe_dataset(engine, name)).as_json()


def page(engine: Engine) -> list[dict[str, Any]]:
    """The first ten datasets as the API returns them."""
    found, _ = describe_datasets.dataset_page(engine, None, 10)
    return [Dataset.from_description(description).as_json() for description in found]


def names(found: list[DatasetDescription]) -> list[str]:
    return [one.dataset.name for one in found]


def test_a_declared_dataset_is_described(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 3))
    container.upload_blob("sales/b.csv", orders(4, 2))
    loaded = [loader.load(f"sales/{name}.csv").ingestion_id for name in "ab"]

    found = described(engine, "sales")

    assert (found["declared"], found["rows"], found["rows_estimated"], found["problem"]) == (
        True,
        5,
        False,
        None,
    )
    assert found["key"] == ["sales_order_number", "sales_order_line_number"]
    assert found["columns"][2] == {
        "name": "order_date",
        "type": "timestamp",
        "nullable": False,
        "headers": [],
        "nulls": [],
    }
    assert {column["type"] for column in found["columns"]} == {"text", "bigint", "timestamp", "numeric"}
    assert (found["last_load"]["ingestion_id"], found["last_load"]["counts"]["inserted"]) == (
        str(loaded[1]),
        2,
    )


def test_an_inferred_dataset_is_described(engine: Engine) -> None:
    enter(engine, "visits", 3)

    found = described(engine, "visits")

    assert (found["declared"], found["key"], found["rows"], found["last_load"]) == (False, [], 3, None)
    assert found["columns"] == [
        {"name": "id", "type": "bigint", "nullable": False, "headers": ["ID"], "nulls": []},
        {"name": "price", "type": "numeric", "nullable": True, "headers": [], "nulls": ["N/A"]},
    ]


def test_an_unknown_dataset_is_not_found(engine: Engine) -> None:
    for ask in (describe_datasets.describe_dataset, describe_datasets.source_of_contract):
        with pytest.raises(NotFound, match="'nothing'"):
            ask(engine, "nothing")


def test_datasets_are_paged_by_name(engine: Engine) -> None:
    for name in ("z_last", "zb", "a_first", "zz"):
        enter(engine, name)

    first, after = describe_datasets.dataset_page(engine, None, 3)
    second, end = describe_datasets.dataset_page(engine, after, 3)

    assert names(first) == ["a_first", "sales", "z_last"]
    assert (names(second), end) == (["zb", "zz"], None)


def test_a_page_that_is_exactly_full_is_the_last_one(engine: Engine) -> None:
    assert describe_datasets.dataset_page(engine, None, 1)[1] is None


def test_a_missing_table_is_named_and_other_datasets_are_listed(engine: Engine) -> None:
    enter(engine, "visits", 2)
    with engine.begin() as connection:
        connection.execute(text("drop table sales"))

    sales, visits = page(engine)

    assert (sales["rows"], visits["rows"]) == (None, 2)
    assert sales["problem"] == "a table is missing; run `python3 dev migrate`"


def test_a_locked_table_is_named_and_other_datasets_are_listed(engine: Engine) -> None:
    enter(engine, "visits", 2)
    with engine.begin() as other:
        other.execute(text("alter table visits add column more text"))
        sales, visits = page(engine)

    assert (sales["rows"], visits["rows"]) == (0, None)
    assert "lock" in visits["problem"]


@pytest.mark.parametrize("analyzed", [True, False])
def test_many_rows_are_estimated(engine: Engine, analyzed: bool) -> None:
    enter(engine, "visits", tables.MAX_COUNTED + 1)
    if analyzed:
        with engine.begin() as connection:
            connection.execute(text("analyze visits"))

    found = described(engine, "visits")

    assert found["rows_estimated"]
    assert found["rows"] == pytest.approx(tables.MAX_COUNTED, rel=0.01 if analyzed else 0.9)


def test_the_rows_of_partitions_are_summed(engine: Engine) -> None:
    enter(engine, "visits", 1)
    with engine.begin() as connection:
        connection.execute(text("drop table visits"))
        connection.execute(text("create table visits (id bigint, _load bigint) partition by list (_load)"))
        for load in (1, 2):
            connection.execute(text(f"create table visits_{load} partition of visits for values in ({load})"))
        connection.execute(text("insert into visits select n, 1 + n % 2 from generate_series(1, 110000) n"))
        connection.execute(text("analyze visits"))

    found = described(engine, "visits")

    assert (found["rows"], found["rows_estimated"]) == (110_000, True)


def test_changes_are_paged_newest_first(engine: Engine) -> None:
    enter(engine, "visits")
    for column in ("one", "two", "three"):
        enter_change(engine, "visits", column)
    enter_change(engine, "others", "four")

    first, before = describe_datasets.dataset_changes(engine, "visits", None, 2)
    rest, end = describe_datasets.dataset_changes(engine, "visits", before, 2)

    assert [entry["change"]["column"] for entry in first] == ["three", "two"]
    assert [entry["change"]["column"] for entry in rest] == ["one"]
    assert end is None


def test_the_contract_of_a_declared_dataset_is_its_own_file(engine: Engine) -> None:
    file = ROOT / "shared" / "contracts" / "sales.py"
    assert describe_datasets.source_of_contract(engine, "sales") == file.read_text()


def test_the_contract_of_an_inferred_dataset_is_python(engine: Engine) -> None:
    enter(engine, "visits")

    source = describe_datasets.source_of_contract(engine, "visits")

    made: dict[str, object] = {}
    exec(compile(source, "visits.py", "exec"), made)  # noqa: S102 - our own words
    assert "VisitsRow" in made
