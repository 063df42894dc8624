"""What a file's rows become in the table and in the ledger."""

from __future__ import annotations

import json

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared import rows
from shared.contracts.sales import Sales
from shared.ingesting import Ingesting
from shared.ledger.state import State
from tests.fixtures.samples import HEADER, csv, orders, row
from tests.integration.looking import entry, table


def test_rows_arrive_with_their_types_and_their_lines(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2, price="699.0982")))

    outcome = ingesting.ingest("sales/a.csv")

    assert outcome.state is State.LOADED
    found = entry(engine, "sales/a.csv")
    assert (found["rows_read"], found["rows_inserted"], found["state"]) == (2, 2, "loaded")
    assert [one["_line"] for one in table(engine)] == [2, 3]
    assert json.loads(rows.first_chunk(engine, Sales, 1)) == [
        {
            "sales_order_number": "SO1",
            "sales_order_line_number": 1,
            "order_date": "2019-07-01T00:00:00",
            "customer_name": "Christy Zhu",
            "email_address": "christy1@example.com",
            "item": "Mountain-100 Silver, 44",
            "quantity": 1,
            "unit_price": 3399.99,
            "tax_amount": 271.9992,
        }
    ]


def test_numbers_are_read_back_with_the_digits_of_the_file(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1, price="12345678901234.5678"), row(2, price="3399.99")))

    ingesting.ingest("sales/a.csv")

    chunk = rows.first_chunk(engine, Sales, 10)
    assert '"unit_price":12345678901234.5678' in chunk
    assert '"unit_price":3399.99,' in chunk


def test_a_last_line_without_a_line_end_counts(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2)).rstrip(b"\n"))

    ingesting.ingest("sales/a.csv")

    assert entry(engine, "sales/a.csv")["rows_inserted"] == 2


def test_of_a_key_that_comes_twice_the_last_line_counts(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1, price="1"), row(2), row(1, price="2")))

    ingesting.ingest("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["rows_read"], found["rows_inserted"], found["rows_duplicate"]) == (3, 2, 1)
    assert {(one["sales_order_number"], int(one["unit_price"])) for one in table(engine)} == {
        ("SO1", 2),
        ("SO2", 3399),
    }


def test_a_second_file_inserts_updates_and_leaves_alone(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2)))
    container.upload_blob("sales/b.csv", csv(row(1), row(2, price="1"), row(3)))

    ingesting.ingest("sales/a.csv")
    ingesting.ingest("sales/b.csv")

    found = entry(engine, "sales/b.csv")
    assert (found["rows_inserted"], found["rows_updated"], found["rows_unchanged"]) == (1, 1, 1)
    first, second = entry(engine, "sales/a.csv")["serial"], found["serial"]
    assert {one["sales_order_number"]: one["_load"] for one in table(engine)} == {
        "SO1": first,
        "SO2": second,
        "SO3": second,
    }


def test_a_header_alone_loads_no_rows(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", f"{HEADER}\n".encode())

    assert ingesting.ingest("sales/a.csv").state is State.LOADED
    assert entry(engine, "sales/a.csv")["rows_read"] == 0


def test_broken_rows_are_rejected_with_every_reason_and_the_others_load(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    good = [row(number) for number in range(100)]
    bad = [
        "SO1,1,2019-02-30,,nobody,x,0,NaN,1.00001",
        "too,few",
        row(1) + ",extra",
        row(2).replace("Zhu", "Z\0hu"),
    ]
    content = csv(*good, *bad) + row(3).replace("Zhu", "Z\xff").encode("latin-1") + b"\n"
    container.upload_blob("sales/a.csv", content)

    ingesting.ingest("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 100, 5)
    with engine.connect() as connection:
        rejected = connection.execute(
            text("select line, raw, errors from ingest.rejects order by line")
        ).all()
    assert [reject.line for reject in rejected] == [102, 103, 104, 105, 106]
    assert {reason["column"] for reason in rejected[0].errors} == {
        "order_date",
        "customer_name",
        "email_address",
        "quantity",
        "unit_price",
        "tax_amount",
    }
    assert rejected[1].raw == "too,few"
    assert "2 fields, the header has 9" in rejected[1].errors[0]["message"]
    assert "NUL" in rejected[3].errors[0]["message"]
    assert r"Z\x00hu" in rejected[3].raw
    assert "UTF-8" in rejected[4].errors[0]["message"]
    assert r"Z\xff" in rejected[4].raw


def test_too_many_rejects_refuse_the_file_and_keep_every_reason(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(*(row(n) for n in range(8)), row(8, quantity="0"), "x"))

    outcome = ingesting.ingest("sales/a.csv")

    assert outcome.state is State.REFUSED
    found = entry(engine, "sales/a.csv")
    assert found["error"]["code"] == "too_many_rejects"
    assert (found["rows_read"], found["rows_rejected"]) == (10, 2)
    assert table(engine) == []
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from ingest.rejects")) == 2


def test_exactly_the_allowed_share_of_rejects_loads(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(*(row(n) for n in range(9)), "x"))

    assert ingesting.ingest("sales/a.csv").state is State.LOADED


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("sales/empty.csv", b"", "empty"),
        ("sales/junk.csv", bytes(range(256)) * 40, "header_unreadable"),
        ("sales/other.csv", b"a,b,c\n1,2,3\n", "header_mismatch"),
        ("sales/twice.csv", f"{HEADER},quantity\n{row(1)},1\n".encode(), "header_mismatch"),
        ("sales/sheet.xlsx", b"PK\x03\x04", "unsupported_extension"),
        ("nowhere/a.csv", csv(row(1)), "unknown_dataset"),
        ("sales/long.csv", b"x" * 3_000_000, "line_too_long"),
    ],
)
def test_what_is_no_sales_file_is_refused_and_says_why(
    ingesting: Ingesting, container: ContainerClient, engine: Engine, path: str, content: bytes, code: str
) -> None:
    container.upload_blob(path, content)

    assert ingesting.ingest(path).state is State.REFUSED
    found = entry(engine, path)
    assert found["error"]["code"] == code
    assert table(engine) == []


def test_a_refused_header_names_what_was_found_and_what_is_missing(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", HEADER.replace("Quantity", "Menge").encode() + b"\n")

    ingesting.ingest("sales/a.csv")

    error = entry(engine, "sales/a.csv")["error"]
    assert error["missing"] == ["quantity"]
    assert "Menge" in error["found"]


def test_columns_that_the_contract_does_not_know_are_recorded(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", f"{HEADER},Colour\n{row(1)},red\n".encode())

    ingesting.ingest("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["ignored_columns"]) == ("loaded", ["Colour"])


def test_a_blob_at_the_root_belongs_to_the_default_dataset(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("a.csv", csv(row(1)))

    assert ingesting.ingest("a.csv").state is State.LOADED
    assert entry(engine, "a.csv")["dataset"] == "sales"


def test_a_file_of_several_batches_loads_whole(
    ingesting: Ingesting, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 60_000))

    ingesting.ingest("sales/a.csv")

    assert entry(engine, "sales/a.csv")["rows_inserted"] == 60_000
