"""The rows and the ledger entry after the load of a file."""

from __future__ import annotations

import json

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.contracts.sales import Sales
from shared.ledger.tables import State
from shared.loading import reject_spool
from shared.parsing import parser, reader
from shared.queries import first_rows
from shared.use_cases import upload_files
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.upload_files import Destination, UploadedFile
from tests.fixtures.samples import HEADER, csv, orders, row
from tests.integration.assertions import entry, table


def test_rows_are_loaded_with_their_types_and_line_numbers(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2, price="699.0982")))

    outcome = loader.load("sales/a.csv")

    assert outcome.state is State.LOADED
    found = entry(engine, "sales/a.csv")
    assert (found["rows_read"], found["rows_inserted"], found["state"]) == (2, 2, "loaded")
    assert [one["_line"] for one in table(engine)] == [2, 3]
    assert json.loads(first_rows.first_chunk(engine, Sales, 1)) == [
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


def test_numbers_keep_the_digits_of_the_file(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1, price="12345678901234.5678"), row(2, price="3399.99")))

    loader.load("sales/a.csv")

    chunk = first_rows.first_chunk(engine, Sales, 10)
    assert '"unit_price":12345678901234.5678' in chunk
    assert '"unit_price":3399.99,' in chunk


def test_a_last_line_without_a_line_end_is_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2)).rstrip(b"\n"))

    loader.load("sales/a.csv")

    assert entry(engine, "sales/a.csv")["rows_inserted"] == 2


def test_the_last_line_with_a_key_wins(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1, price="1"), row(2), row(1, price="2")))

    loader.load("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["rows_read"], found["rows_inserted"], found["rows_duplicate"]) == (3, 2, 1)
    assert {(one["sales_order_number"], int(one["unit_price"])) for one in table(engine)} == {
        ("SO1", 2),
        ("SO2", 3399),
    }


def test_a_second_file_inserts_updates_and_leaves_rows_unchanged(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(row(1), row(2)))
    container.upload_blob("sales/b.csv", csv(row(1), row(2, price="1"), row(3)))

    loader.load("sales/a.csv")
    loader.load("sales/b.csv")

    found = entry(engine, "sales/b.csv")
    assert (found["rows_inserted"], found["rows_updated"], found["rows_unchanged"]) == (1, 1, 1)
    first, second = entry(engine, "sales/a.csv")["serial"], found["serial"]
    assert {one["sales_order_number"]: one["_load"] for one in table(engine)} == {
        "SO1": first,
        "SO2": second,
        "SO3": second,
    }


def test_a_file_with_only_a_header_loads_no_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", f"{HEADER}\n".encode())

    assert loader.load("sales/a.csv").state is State.LOADED
    assert entry(engine, "sales/a.csv")["rows_read"] == 0


def test_invalid_rows_are_rejected_with_all_errors_and_the_others_are_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    good = [row(number).replace("Christy", "Chloë") for number in range(100)]
    bad = [
        "SO1,1,2019-02-30,,nobody,x,0,NaN,1.00001",
        "too,few",
        row(1) + ",extra",
        row(2).replace("Zhu", "Z\0hu"),
    ]
    content = csv(*good, *bad) + row(3).replace("Zhu", "Z\xff").encode("latin-1") + b"\n"
    container.upload_blob("sales/a.csv", content)

    loader.load("sales/a.csv")

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


def test_too_many_rejects_refuse_the_file_and_are_stored(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(*(row(n) for n in range(8)), row(8, quantity="0"), "x"))

    outcome = loader.load("sales/a.csv")

    assert outcome.state is State.REFUSED
    found = entry(engine, "sales/a.csv")
    assert found["error"]["code"] == "too_many_rejects"
    assert (found["rows_read"], found["rows_rejected"]) == (10, 2)
    assert table(engine) == []
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from ingest.rejects")) == 2


def test_a_file_with_the_maximum_share_of_rejects_is_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", csv(*(row(n) for n in range(9)), "x"))

    assert loader.load("sales/a.csv").state is State.LOADED


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("sales/empty.csv", b"", "empty"),
        ("sales/junk.csv", bytes(range(256)) * 40, "not_csv"),
        ("sales/other.csv", b"a,b,c\n1,2,3\n", "header_mismatch"),
        ("sales/twice.csv", f"{HEADER},quantity\n{row(1)},1\n".encode(), "header_mismatch"),
        ("sales/sheet.xlsx", b"PK\x03\x04", "unsupported_extension"),
        ("no where/a.csv", csv(row(1)), "bad_dataset_name"),
        ("sales/long.csv", b"x" * 3_000_000, "line_too_long"),
    ],
)
def test_a_file_that_is_no_sales_file_is_refused_with_a_code(
    loader: BlobLoader, container: ContainerClient, engine: Engine, path: str, content: bytes, code: str
) -> None:
    container.upload_blob(path, content)

    assert loader.load(path).state is State.REFUSED
    found = entry(engine, path)
    assert found["error"]["code"] == code
    assert table(engine) == []


def test_a_refused_header_lists_found_and_missing_columns(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", HEADER.replace("Quantity", "Menge").encode() + b"\n")

    loader.load("sales/a.csv")

    error = entry(engine, "sales/a.csv")["error"]
    assert error["missing"] == ["quantity"]
    assert "Menge" in error["found"]


def test_columns_that_the_contract_does_not_have_are_recorded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", f"{HEADER},Colour\n{row(1)},red\n".encode())

    loader.load("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["ignored_columns"]) == ("loaded", ["Colour"])


def test_a_blob_without_a_folder_belongs_to_the_default_dataset(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("a.csv", csv(row(1)))

    assert loader.load("a.csv").state is State.LOADED
    assert entry(engine, "a.csv")["dataset"] == "sales"


def test_a_file_of_several_batches_is_loaded_completely(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 60_000))

    loader.load("sales/a.csv")

    assert entry(engine, "sales/a.csv")["rows_inserted"] == 60_000


def test_metadata_cannot_make_a_new_file_a_duplicate(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    (stored,) = upload_files.store_files(
        container, Destination("sales"), [UploadedFile("t.csv", csv(row(1)))]
    )
    loader.load(stored.version.path)
    blob = container.get_blob_client(stored.version.path)
    metadata = blob.get_blob_properties().metadata
    blob.upload_blob(csv(row(2)), overwrite=True, metadata=metadata)

    assert loader.load(stored.version.path).state is State.LOADED
    assert [one["sales_order_number"] for one in table(engine)] == ["SO1", "SO2"]


def test_a_file_that_must_exceed_the_reject_limit_is_refused_early(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reject_spool, "MAX_REJECTS_OF_REFUSED_FILE", 1000)
    content = csv(*(row(n) for n in range(20))) + b"z\n" * 400_000
    container.upload_blob("sales/a.csv", content)

    assert loader.load("sales/a.csv").state is State.REFUSED

    found = entry(engine, "sales/a.csv")
    assert "The rest was not read" in found["error"]["detail"]
    assert found["error"]["rejects_kept"] == 1000
    assert 40_000 < found["rows_read"] < 400_000
    with engine.connect() as connection:
        assert connection.scalar(text("select max(line) from ingest.rejects")) == 1021


def test_rejects_at_the_beginning_do_not_refuse_a_file_below_the_limit(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_batches(monkeypatch)
    container.upload_blob("sales/a.csv", csv("z", "z", *(row(n) for n in range(30))))

    assert loader.load("sales/a.csv").state is State.LOADED
    assert entry(engine, "sales/a.csv")["rows_rejected"] == 2


def test_a_file_refused_half_way_has_its_size_but_no_hash(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    content = orders(1, 100) + b"x" * 9_000_000 + orders(200, 100)
    container.upload_blob("sales/a.csv", content)

    loader.load("sales/a.csv")

    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["size"], found["sha256"]) == ("refused", len(content), None)
    assert table(engine) == []


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches of two or three rows."""
    for name in ("_MAX_WINDOW", "_MIN_WINDOW"):
        monkeypatch.setattr(parser, name, 300)
    monkeypatch.setattr(parser, "_MIN_FAST_BYTES", 0)
    monkeypatch.setattr(reader, "_BATCH_RECORDS", 1)


def test_a_load_with_existing_keys_counts_every_row_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob("sales/a.csv", csv(row(5), row(6, price="6")))
    loader.load("sales/a.csv")
    small_batches(monkeypatch)
    again = [row(1), row(2), row(1, price="2"), row(5), row(6), row(7), row(2), row(7, price="8")]
    container.upload_blob("sales/b.csv", csv(*again))

    loader.load("sales/b.csv")

    found = entry(engine, "sales/b.csv")
    counts = [found[f"rows_{name}"] for name in ("read", "inserted", "updated", "unchanged", "duplicate")]
    assert counts == [8, 3, 1, 1, 3]
    assert {one["sales_order_number"]: (int(one["unit_price"]), one["_line"]) for one in table(engine)} == {
        "SO1": (2, 4),
        "SO2": (3399, 8),
        "SO5": (3399, 2),
        "SO6": (3399, 6),
        "SO7": (8, 9),
    }
