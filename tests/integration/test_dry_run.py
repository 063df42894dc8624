"""A dry run returns the result that a load would have, and changes nothing."""

from __future__ import annotations

import gzip
import json
from typing import Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, create_engine, text

from shared.contracts.base import Contract, TimestampTz
from shared.contracts.registry import CONTRACTS
from shared.contracts.sales import Sales
from shared.errors import InvalidRequest, Unavailable
from shared.formats.overrides import Overrides
from shared.http import upload_models
from shared.queries import first_rows
from shared.storage.upload_options import UploadOptions
from shared.use_cases import dry_run
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.upload_files import Destination, UploadedFile
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry
from tests.integration.test_datasets import enter
from tests.unit.decoding.zip_files import zipped

NO_DATABASE = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")


def dry_run_of(engine: Engine, dataset: str, *contents: bytes, name: str = "a.csv", **options: Any) -> Any:
    """The answer to a dry run of files with these contents; `options` override the format or set the key."""
    key = options.pop("key", ())
    to = Destination(dataset, UploadOptions(Overrides(**options), key), creates=True)
    run = dry_run.dry_run(engine, to, [UploadedFile(name, content) for content in contents])
    return json.loads(upload_models.dry_run_json(run, to.options))


def predict(engine: Engine, dataset: str, content: bytes, **options: Any) -> Any:
    """The predicted result of one file with this content."""
    (file,) = dry_run_of(engine, dataset, content, **options)["files"]
    return file


def test_a_declared_dataset_needs_no_database() -> None:
    file = predict(NO_DATABASE, "sales", csv(row(1), row(2, quantity="none"), *map(row, range(3, 20))))

    assert (file["would_be"], file["error"]) == ("loaded", None)
    assert file["counts"] == {"read": 19, "accepted": 18, "rejected": 1}
    assert len(file["rows"]) == 10
    (reject,) = file["rejects"]
    assert (reject["line"], reject["raw"]) == (3, row(2, quantity="none"))
    assert reject["errors"][0]["column"] == "quantity"


@pytest.mark.parametrize(
    "content",
    [
        csv(*(row(number, quantity="none") for number in range(9)), row(10)),
        b"Name,Amount\nx,1\n",
        gzip.compress(orders(1, 100), mtime=0)[:-20],
    ],
    ids=["too many rejects", "header", "cut off"],
)
def test_a_predicted_refusal_has_the_error_of_the_load(
    content: bytes, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", content)
    loader.load("sales/a.csv")
    loaded = entry(engine, "sales/a.csv")

    file = predict(NO_DATABASE, "sales", content)

    assert (file["would_be"], file["error"]) == (loaded["state"], loaded["error"])
    assert loaded["state"] == "refused"


def test_all_rows_are_counted_after_the_reject_limit() -> None:
    bad = csv(*(row(number, quantity="none") for number in range(10_000)))

    file = predict(NO_DATABASE, "sales", bad + orders(1, 100).partition(b"\n")[2])

    assert file["counts"] == {"read": 10_100, "accepted": 100, "rejected": 10_000}
    assert "The rest was not read" in file["error"]["detail"]
    assert [reject["line"] for reject in file["rejects"]] == list(range(2, 52))


def test_the_first_rows_equal_those_read_after_the_load(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    content = csv(row(1, price="1.50"), row(2, price="100"), row(3, price="0.0001"), *map(row, range(4, 9)))
    content = content.replace(b"2019-07-01", b"2019-07-01T10:30:00.250", 1).replace(
        b"Christy", "Ünï".encode()
    )
    container.upload_blob("sales/a.csv", content)
    loader.load("sales/a.csv")

    to = Destination("sales")
    (item,) = dry_run.dry_run(NO_DATABASE, to, [UploadedFile("a.csv", content)]).items

    rows = first_rows.first_chunk(engine, Sales, 10)
    assert f"[{','.join(item.result.rows)}]" == rows
    assert '"unit_price":1.5,' in rows
    assert '"order_date":"2019-07-01T10:30:00.25"' in rows


def test_columns_that_would_not_be_loaded_are_listed() -> None:
    content = csv(row(1)).replace(b"TaxAmount", b"TaxAmount,Colour").replace(b"271.9992", b"271.9992,red")

    file = predict(NO_DATABASE, "sales", content)

    assert file["ignored_columns"] == ["Colour"]
    assert file["columns"][2] == {
        "header": "OrderDate",
        "name": "order_date",
        "type": "timestamp",
        "nullable": False,
        "nulls": [],
        "why_text": None,
    }
    assert (file["columns"][-1]["header"], file["columns"][-1]["name"]) == ("Colour", None)


def test_a_file_with_another_header_is_described() -> None:
    file = predict(NO_DATABASE, "sales", b"Name,Amount\nx,1\n")

    assert [column["header"] for column in file["columns"]] == ["Name", "Amount"]
    assert (file["format"]["encoding"], file["ignored_columns"]) == ("utf-8", [])
    assert file["counts"] == {"read": 0, "accepted": 0, "rejected": 0}


def test_warnings_about_the_format_are_listed_for_each_file() -> None:
    double_cr = orders(1, 2).replace(b"\n", b"\r\r\n")

    files = dry_run_of(NO_DATABASE, "sales", double_cr, orders(1, 2), zipped(("one.csv", double_cr)))["files"]

    warning = {
        "code": "double_cr",
        "message": "Lines end in CR CR LF, which counts as one line end.",
        "column": None,
        "line": None,
        "example": None,
        "option": None,
    }
    assert [file["warnings"] for file in files] == [[warning], [], [warning]]
    assert files[0]["format"]["doubts"] == [warning["message"]]


def test_a_warning_names_the_option_that_overrides_the_choice(engine: Engine) -> None:
    file = predict(engine, "visits", b'id,name\n1,"open\n2,"a, b"\n3,c\n')

    (warning,) = file["warnings"]
    assert (warning["code"], warning["option"]) == ("quotes_unclosed", "quote")


def test_each_file_of_an_archive_has_its_own_result() -> None:
    archive = zipped(
        ("one.csv", orders(1, 2)), ("two.csv", b"Name\nx\n"), ("readme.md", b"#"), ("three.csv", orders(4, 1))
    )

    files = dry_run_of(NO_DATABASE, "sales", archive, orders(1, 3), name="a.zip")["files"]

    assert [(one["member"], one["would_be"], one["counts"]["accepted"]) for one in files] == [
        ("one.csv", "loaded", 2),
        ("two.csv", "refused", 0),
        ("three.csv", "loaded", 1),
        (None, "loaded", 3),
    ]
    assert [one["compression"] for one in files] == ["zip", "zip", "zip", None]


def test_a_corrupt_archive_would_be_refused() -> None:
    file = predict(NO_DATABASE, "sales", zipped(("one.csv", orders(1, 2)))[:-10])

    assert (file["would_be"], file["error"]["code"]) == ("refused", "compression_corrupt")


def test_a_compressed_file_would_be_loaded() -> None:
    file = predict(NO_DATABASE, "sales", gzip.compress(orders(1, 4)))

    assert (file["compression"], file["counts"]["accepted"]) == ("gzip", 4)


def test_a_file_that_cannot_be_uploaded_is_an_invalid_request() -> None:
    with pytest.raises(InvalidRequest) as caught:
        dry_run_of(NO_DATABASE, "sales", orders(1, 1), name="a.exe")
    assert [fault["file"] for fault in caught.value.faults] == ["a.exe"]


def test_an_undeclared_dataset_needs_the_database() -> None:
    with pytest.raises(Unavailable):
        dry_run_of(NO_DATABASE, "visits", b"a,b\n1,2\n")


def test_the_first_file_of_a_dataset_shows_the_columns_of_the_new_table(engine: Engine) -> None:
    answer = dry_run_of(engine, "visits", b"ID,Price,Zip,Empty\n1,1.50,01234,\n2,N/A,5,\n")

    assert (answer["declared"], answer["creates"]) == (False, True)
    (file,) = answer["files"]
    types = {column["name"]: (column["type"], column["nullable"]) for column in file["columns"]}
    assert types == {
        "id": ("bigint", False),
        "price": ("numeric", True),
        "zip": ("text", False),
        "empty": ("text", True),
    }
    assert file["columns"][1]["nulls"] == ["N/A"]
    assert "01234" in file["columns"][2]["why_text"]
    assert file["rows"] == [
        {"id": 1, "price": 1.5, "zip": "01234", "empty": None},
        {"id": 2, "price": None, "zip": "5", "empty": None},
    ]
    assert nothing_was_stored(engine)


def nothing_was_stored(engine: Engine) -> bool:
    with engine.connect() as connection:
        counts = connection.execute(
            text(
                "select (select count(*) from ingest.datasets), (select count(*) from ingest.ingestions), "
                "(select count(*) from ingest.dataset_changes), to_regclass('visits')"
            )
        ).one()
    return tuple(counts) == (0, 0, 0, None)


def test_a_later_file_shows_the_changes_of_the_table(engine: Engine) -> None:
    enter(engine, "visits", 1)

    answer = dry_run_of(engine, "visits", b"id,price,note\n1.5,2,new\n")

    assert answer["creates"] is False
    (file,) = answer["files"]
    assert [(one["column"], one["change"], one["type"]) for one in file["changes"]] == [
        ("id", "widened", "numeric(2, 1)"),
        ("note", "added", "text"),
    ]
    assert file["rows"] == [{"id": 1.5, "price": 2, "note": "new"}]


def test_rows_without_a_value_of_the_requested_key_are_rejected(engine: Engine) -> None:
    content = b"id,name\n" + b"".join(b"%d,x\n" % number for number in range(20)) + b",y\n"

    file = predict(engine, "visits", content, key=("ID",))

    assert (file["would_be"], file["counts"]["rejected"]) == ("loaded", 1)
    assert file["rejects"][0]["line"] == 22
    assert file["columns"][0]["nullable"] is False


def test_a_file_without_the_key_column_would_be_refused(engine: Engine) -> None:
    file = predict(engine, "visits", b"id,name\n1,x\n", key=("order_id",))

    assert (file["would_be"], file["error"]["code"]) == ("refused", "header_mismatch")
    assert [column["header"] for column in file["columns"]] == ["id", "name"]


def test_a_ragged_file_of_an_undeclared_dataset_would_be_refused(engine: Engine) -> None:
    file = predict(engine, "visits", b"id,name\n1,x\n2\n3,x,y\n4,z\n")

    assert (file["would_be"], file["error"]["code"]) == ("refused", "too_many_rejects")
    assert [reject["line"] for reject in file["rejects"]] == [3, 4]
    assert file["counts"] == {"read": 4, "accepted": 2, "rejected": 2}


def test_every_file_is_refused_if_another_table_has_the_name(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table visits (id int)"))

    answer = dry_run_of(engine, "visits", b"id,name\n1,x\n")

    assert answer["creates"] is False
    assert [one["error"]["code"] for one in answer["files"]] == ["name_taken"]
    assert [column["header"] for column in answer["files"][0]["columns"]] == ["id", "name"]


def test_a_first_file_without_rows_would_be_refused(engine: Engine) -> None:
    file = predict(engine, "visits", b"id,name\n")

    assert (file["would_be"], file["error"]["code"]) == ("refused", "no_rows")


def test_a_key_other_than_that_of_the_dataset_would_be_refused(engine: Engine) -> None:
    enter(engine, "visits")

    file = predict(engine, "visits", b"id,price\n1,2\n", key=("id",))

    assert (file["would_be"], file["error"]["code"]) == ("refused", "key_differs")
    assert "PUT /api/datasets/visits" in file["error"]["detail"]


def test_title_lines_and_a_footer_are_recognized(engine: Engine) -> None:
    content = b"Visits of July\n\nid;price\n" + b"".join(b"%d;1,5\n" % n for n in range(9)) + b"Total:;\n"

    file = predict(engine, "visits", content)

    form = file["format"]
    assert (form["delimiter"], form["header_line"], file["would_be"]) == (";", 3, "loaded")
    assert file["rows"][0] == {"id": 0, "price": "1,5"}
    assert file["counts"] == {"read": 10, "accepted": 9, "rejected": 1}
    assert [(one["line"], one["errors"][0]["code"]) for one in file["rejects"]] == [(13, "footer")]


@pytest.mark.parametrize("dataset", ["sales", "visits"])
def test_a_file_with_several_tables_would_be_refused_with_their_lines(engine: Engine, dataset: str) -> None:
    file = predict(engine, dataset, orders(1, 6) + b"\nCountry,Tax\nDE,19\nFR,20\nIT,22\n")

    assert (file["would_be"], file["error"]["code"]) == ("refused", "several_tables")


def test_numbers_are_read_in_the_given_format() -> None:
    file = predict(
        NO_DATABASE, "sales", csv(row(1)).replace(b",3399.99,", b',"3.399,9",'), decimal=",", thousands="."
    )

    errors = file["rejects"][0]["errors"]
    assert [error["column"] for error in errors] == ["tax_amount"]  # 271.9992 has a decimal point


@pytest.mark.parametrize(
    ("content", "key", "code"),
    [
        (b"id,n\n" + b"x" * 2601 + b",1\n", ("id",), "key_too_long"),
        (
            b",".join(b"c%d" % number for number in range(1100)) + b"\n" + b",".join([b"1"] * 1100) + b"\n",
            (),
            "row_too_wide",
        ),
    ],
)
def test_rows_too_large_for_a_table_would_be_refused(
    content: bytes, key: tuple[str, ...], code: str, engine: Engine
) -> None:
    file = predict(engine, "zoo", content, key=key)
    assert (file["would_be"], file["error"]["code"]) == ("refused", code)


def test_the_reason_for_a_text_key_is_given(engine: Engine) -> None:
    file = predict(engine, "zoo", b"id,n\n1.5,1\n", key=("id",))
    assert file["columns"][0]["type"] == "text"
    assert file["columns"][0]["why_text"].startswith("a column of the key is")


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+02:00"])
def test_times_outside_the_years_1_to_9999_in_utc_are_text(time: str, engine: Engine) -> None:
    file = predict(engine, "zoo", f"t\n{time}\n".encode())
    assert file["columns"][0]["type"] == "text"
    assert file["rows"] == [{"t": time}]
    file = predict(engine, "zoo", b"t\n9999-12-31T23:59:59-01:00\n9999-12-31T23:59:59Z\n")
    assert file["columns"][0]["type"] == "text"
    assert predict(engine, "zoo", b"t\n9999-12-31T23:59:59Z\n")["columns"][0]["type"] == "timestamptz"


def test_a_total_in_one_cell_is_a_footer(engine: Engine) -> None:
    file = predict(engine, "zoo", b"id,n,d\n" + b"1,2.50,2024-01-01\n" * 30 + b"Total: 3,,\n")
    assert [column["type"] for column in file["columns"]] == ["bigint", "numeric", "date"]
    assert (file["counts"]["rejected"], file["rejects"][0]["line"]) == (1, 32)


def test_times_of_a_contract_are_shown_in_utc_after_the_year_9999_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Flights(Contract):
        dataset: ClassVar[str] = "flights"
        at: TimestampTz

    monkeypatch.setitem(CONTRACTS, "flights", Flights)
    content = b"at\n9999-12-31T23:59:59-12:00\n2024-01-01T10:30:00.5+02:00\n"
    file = predict(NO_DATABASE, "flights", content)
    assert [row["at"] for row in file["rows"]] == [
        "10000-01-01T11:59:59+00:00",
        "2024-01-01T08:30:00.5+00:00",
    ]
