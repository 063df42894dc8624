"""The first rows in load order, wherever they are in the table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, event, text

from shared.contracts.sales import Sales
from shared.errors import TooLarge
from shared.queries import first_rows, row_page
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row


def test_the_first_chunk_continues_with_the_next_load(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for name, first in (("a", 10), ("b", 20), ("c", 30)):
        container.upload_blob(f"sales/{name}.csv", orders(first, 4))
        loader.load(f"sales/{name}.csv")
    container.upload_blob("sales/d.csv", csv(*(row(n, price="1") for n in range(10, 14)), row(20, price="1")))
    loader.load("sales/d.csv")

    numbers = [one["sales_order_number"] for one in json.loads(first_rows.first_chunk(engine, Sales, 9))]

    assert numbers == [f"SO{n}" for n in (21, 22, 23, 30, 31, 32, 33, 10, 11)]


def test_the_first_rows_of_a_long_file_are_found_across_gaps(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1)) + b"\n" * 5_000 + csv(row(2)).partition(b"\n")[2])
    loader.load("sales/a.csv")

    numbers = [one["sales_order_number"] for one in json.loads(first_rows.first_chunk(engine, Sales, 10))]

    assert numbers == ["SO1", "SO2"]


def test_the_first_chunk_never_reads_the_whole_table(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 50_000))
    loader.load("sales/a.csv")
    with engine.begin() as connection:  # a gap, so that the position proves nothing
        connection.execute(text("delete from sales where sales_order_number = 'SO3'"))
    plans: list[str] = []

    def explain(_connection: object, cursor: Any, statement: str, parameters: object, *_rest: object) -> None:
        if '"sales"' in statement and not statement.startswith("explain"):
            cursor.execute("explain " + statement, parameters)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))

    event.listen(engine, "before_cursor_execute", explain)
    first_rows.first_chunk(engine, Sales, 10)
    event.remove(engine, "before_cursor_execute", explain)

    assert plans
    assert not [plan for plan in plans if "Seq Scan on sales" in plan]


@pytest.mark.parametrize("limit", [3, 1])
def test_the_first_rows_are_those_of_the_first_lines_wherever_they_are(
    loader: BlobLoader, container: ContainerClient, engine: Engine, limit: int
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 6))
    loader.load("sales/a.csv")
    with engine.begin() as connection:  # to the end of the table
        connection.execute(text("update sales set quantity = 2 where sales_order_number in ('SO1', 'SO3')"))

    numbers = [one["sales_order_number"] for one in json.loads(first_rows.first_chunk(engine, Sales, limit))]

    assert numbers == ["SO1", "SO2", "SO3"][:limit]
    with engine.begin() as connection:
        connection.execute(text("update sales set _load = 9 where sales_order_number = 'SO1'"))
    assert "SO2" in first_rows.first_chunk(engine, Sales, 1)


def test_first_rows_that_are_too_long_for_a_response_are_refused_not_left_out(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, first in (("a", 10), ("b", 20)):
        container.upload_blob(f"sales/{name}.csv", orders(first, 4))
        loader.load(f"sales/{name}.csv")
    monkeypatch.setattr(row_page, "MAX_PAGE_BYTES", 100)

    assert len(json.loads(first_rows.first_chunk(engine, Sales, 2))) == 2
    for limit in (4, 8):
        with pytest.raises(TooLarge, match="GET /api/read/sales"):
            first_rows.first_chunk(engine, Sales, limit)
