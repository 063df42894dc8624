"""A single row is written or deleted: validated by the contract, recorded, and isolated from loads."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateTable

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import MANUAL_EDIT_LOAD
from shared.contracts.sales import Sales
from shared.database import transactions
from shared.errors import Conflict, InvalidRequest, NotFound, Unavailable
from shared.queries import filters, rows
from shared.queries.row_page import PageRequest
from shared.use_cases import edit_row
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import orders
from tests.integration.assertions import table

ROW = {
    "sales_order_number": "SO1",
    "sales_order_line_number": 1,
    "order_date": "2019-07-01T10:30:00",
    "customer_name": "Ada, Byron",
    "email_address": "ada@example.com",
    "item": "Bell",
    "quantity": 2,
    "unit_price": 9.99,
    "tax_amount": 0.8,
}


def put(engine: Engine, path: str = "SO1,1", **values: Any) -> edit_row.EditedRow:
    key = filters.parse_key(Sales, path)
    return edit_row.put_row(
        engine, edit_row.row_from_json(Sales, json.dumps(ROW | values).encode(), key), key
    )


def recorded_prices(engine: Engine) -> list[tuple[Any, Any]]:
    """The unit price before and after each recorded edit."""
    with engine.connect() as connection:
        recorded = connection.execute(text("select before, after from ingest.edits order by id"))
        return [
            (one.before and one.before["unit_price"], one.after and one.after["unit_price"])
            for one in recorded
        ]


def test_a_new_row_is_written_and_can_be_read(engine: Engine) -> None:
    written = put(engine)

    assert (written.is_new, json.loads(written.row)) == (True, ROW)
    assert rows.row_by_key(engine, Sales, filters.parse_key(Sales, "SO1,1")) == written.row
    (found,) = table(engine)
    assert (found["_load"], recorded_prices(engine)) == (MANUAL_EDIT_LOAD, [(None, 9.99)])


def test_a_loaded_row_is_replaced_and_both_values_are_recorded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 2))
    loader.load("sales/a.csv")

    written = put(engine)

    assert (written.is_new, recorded_prices(engine)) == (False, [(3399.99, 9.99)])
    assert [one["_load"] for one in table(engine)] == [1, MANUAL_EDIT_LOAD]


def test_an_unchanged_row_is_neither_written_nor_recorded(engine: Engine) -> None:
    put(engine)
    before = table(engine)

    written = put(engine, unit_price="9.9900")

    assert (written.is_new, json.loads(written.row)) == (False, ROW)
    assert (table(engine), len(recorded_prices(engine))) == (before, 1)


def test_a_load_replaces_an_edited_row(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    put(engine)
    container.upload_blob("sales/a.csv", orders(1, 1))
    loader.load("sales/a.csv")

    assert [(one["_load"], float(one["unit_price"])) for one in table(engine)] == [(1, 3399.99)]


def test_a_number_keeps_all_its_digits(engine: Engine) -> None:
    key = filters.parse_key(Sales, "SO1,1")
    content = json.dumps(ROW | {"unit_price": "PRICE"}).replace('"PRICE"', "12345678901234.5678").encode()

    assert (
        '"unit_price":12345678901234.5678,'
        in edit_row.put_row(engine, edit_row.row_from_json(Sales, content, key), key).row
    )


def test_a_deleted_row_is_recorded_and_cannot_be_deleted_again(engine: Engine) -> None:
    put(engine)
    edit_row.delete_row(engine, Sales, filters.parse_key(Sales, "SO1,1"))

    assert (table(engine), recorded_prices(engine)) == ([], [(None, 9.99), (9.99, None)])
    with pytest.raises(NotFound):
        edit_row.delete_row(engine, Sales, filters.parse_key(Sales, "SO1,1"))


def test_the_last_edited_row_is_the_most_recent_row(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    put(engine, "SO1,1")
    put(engine, "SO1,2", sales_order_line_number=2)
    container.upload_blob("sales/a.csv", orders(5, 1))
    loader.load("sales/a.csv")
    put(engine, quantity=7)

    found = rows.read_page(engine, Sales, PageRequest(10, recent=True))

    lines = [
        (one["sales_order_number"], one["sales_order_line_number"]) for one in map(json.loads, found.rows)
    ]
    assert lines == [("SO1", 1), ("SO1", 2), ("SO5", 1)]


def test_concurrent_writes_of_a_row_leave_one_row(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        written = list(pool.map(lambda n: put(engine, quantity=n), range(1, 9)))

    assert sum(one.is_new for one in written) == 1
    assert (len(table(engine)), len(recorded_prices(engine))) == (1, 8)


def test_a_row_locked_by_a_load_is_unavailable_after_the_lock_timeout(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(engine)
    monkeypatch.setattr(transactions, "_LOCK_TIMEOUT_SECONDS", 0.05)
    with engine.begin() as locking:
        locking.execute(text("update sales set quantity = 3"))
        with pytest.raises(Unavailable, match="lock"):
            put(engine, quantity=4)

    assert len(recorded_prices(engine)) == 1


@pytest.mark.parametrize(
    ("values", "column", "reason"),
    [
        ({"quantity": 0}, "quantity", "must be at least 1"),
        ({"quantity": True}, "quantity", "boolean"),
        ({"quantity": [1]}, "quantity", "list"),
        ({"quantity": None}, "quantity", "a value is required"),
        ({"item": 5}, "item", "text as a string"),
        ({"item": "a\0"}, "item", "NUL"),
        ({"item": "\ud800"}, "item", "surrogate"),
        ({"order_date": 20190701}, "order_date", "timestamp as a string"),
        ({"order_date": "yesterday"}, "order_date", "not a date"),
        ({"unit_price": "1.23456"}, "unit_price", "4 decimal places"),
        ({"sales_order_number": "SO2"}, "sales_order_number", "path"),
        ({"colour": "red"}, "colour", "no such column"),
        ({"_load": 1}, "_load", "no such column"),
    ],
)
def test_a_row_that_violates_the_contract_is_refused(
    values: dict[str, Any], column: str, reason: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        edit_row.row_from_json(Sales, json.dumps(ROW | values).encode(), filters.parse_key(Sales, "SO1,1"))

    (fault,) = caught.value.faults
    assert (fault["column"], reason in fault["detail"]) == (column, True), fault


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"quantity": NaN}', b"[" * 100_000, b'"\xff"'])
def test_a_body_that_is_not_a_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"The body (is not JSON|must be a JSON object)"):
        edit_row.row_from_json(Sales, content, filters.parse_key(Sales, "SO1,1"))


def test_the_body_may_omit_the_key() -> None:
    values = {name: value for name, value in ROW.items() if name not in Sales.key}
    read = edit_row.row_from_json(Sales, json.dumps(values).encode(), filters.parse_key(Sales, '"SO1, x",3'))
    assert (read.model_dump()["sales_order_number"], read.model_dump()["sales_order_line_number"]) == (
        "SO1, x",
        3,
    )


@pytest.mark.parametrize("path", ["SO1", "SO1,1,2", "SO1,one", '"SO1,1', ",", "SO1,\0", "SO1,1\n2"])
def test_an_invalid_key_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest):
        filters.parse_key(Sales, path)


def test_an_encoded_slash_in_a_key_is_decoded() -> None:
    assert filters.parse_key(Sales, "a%2Fb%2f,1")["sales_order_number"] == "a/b/"


def test_single_rows_of_a_dataset_without_a_key_cannot_be_addressed() -> None:
    class Lines(Contract):
        dataset = "lines"
        text: str

    with pytest.raises(Conflict, match="PUT /api/datasets/lines"):
        filters.parse_key(Lines, "1")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("alter table sales add constraint few check (quantity < 5)", "check few"),
        ("create unique index one_item on sales (item)", "one_item requires to be unique"),
        ("alter table sales add column region text; alter table sales alter region set not null", "region"),
        (
            "create table items (item text primary key); alter table sales add constraint known foreign key "
            "(item) references items",
            "foreign key known",
        ),
    ],
)
def test_a_violated_table_constraint_is_named(engine: Engine, rule: str, message: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(rule))
    if "unique" in rule:
        put(engine, "SO9,9", sales_order_number="SO9", sales_order_line_number=9)
    with pytest.raises(Conflict, match=message) as caught:
        put(engine, quantity=7)

    assert "Bell" not in str(caught.value)


def test_a_further_column_of_the_table_keeps_its_default(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table sales add column region text not null default 'x'"))

    assert put(engine).is_new
    assert [one["region"] for one in table(engine)] == ["x"]


def test_a_referenced_row_is_not_deleted(engine: Engine) -> None:
    put(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "create table notes (a text, b bigint,"
                " constraint of_sale foreign key (a, b) references sales)"
            )
        )
        connection.execute(text("insert into notes values ('SO1', 1)"))

    with pytest.raises(Conflict, match="of_sale"):
        edit_row.delete_row(engine, Sales, filters.parse_key(Sales, "SO1,1"))
    assert len(table(engine)) == 1


def test_a_key_too_large_for_an_index_is_refused(engine: Engine) -> None:
    class Codes(Contract):
        dataset = "codes"
        key = ("code",)
        code: str

    with engine.begin() as connection:
        connection.execute(CreateTable(dataset_table.sqlalchemy_table(Codes)))
    key = {"code": secrets.token_hex(3000)}  # cannot be compressed

    with pytest.raises(InvalidRequest, match="too large"):
        edit_row.put_row(engine, edit_row.row_from_json(Codes, b"{}", key), key)


def test_a_duplicate_json_member_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="quantity: it occurs more than once in the body"):
        edit_row.row_from_json(
            Sales, b'{"quantity": 1, "item": "a", "quantity": 2}', filters.parse_key(Sales, "SO1,1")
        )
