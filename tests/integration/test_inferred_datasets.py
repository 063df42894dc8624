"""Inferred datasets: the first file creates the table, and later files evolve it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.datasets import catalog
from shared.errors import UnknownDataset
from shared.queries import first_rows
from shared.use_cases.load_blob import BlobLoader
from tests.integration.inferred_datasets import InferredDatasets

TYPES = {
    "whole": (["1", "-20"], "bigint", [1, -20]),
    "long": (["12345678901234567890", "1"], "numeric", [Decimal(12345678901234567890), Decimal(1)]),
    "money": (["1.50", "20.25"], "numeric", [Decimal("1.50"), Decimal("20.25")]),
    "versions": (["1.9", "1.10"], "text", ["1.9", "1.10"]),
    "measured": (["1.5e-07", "2"], "double precision", [1.5e-07, 2.0]),
    "flag": (["true", "false"], "boolean", [True, False]),
    "day": (["2024-01-31", "2024-02-01"], "date", [date(2024, 1, 31), date(2024, 2, 1)]),
    "digits of a day": (["20240131", "20240201"], "bigint", [20240131, 20240201]),
    "ambiguous": (["01/02/2024", "03/04/2024"], "text", ["01/02/2024", "03/04/2024"]),
    "at": (
        ["2024-01-31 10:30", "2024-02-01T00:00:00"],
        "timestamp without time zone",
        [datetime(2024, 1, 31, 10, 30), datetime(2024, 2, 1)],  # noqa: DTZ001
    ),
    "zoned": (
        ["2024-01-31T10:30Z", "2024-01-31T10:30:00+02:00"],
        "timestamp with time zone",
        [datetime(2024, 1, 31, 10, 30, tzinfo=UTC), datetime(2024, 1, 31, 8, 30, tzinfo=UTC)],
    ),
    "half zoned": (["2024-01-31 10:30Z", "2024-01-31"], "text", ["2024-01-31 10:30Z", "2024-01-31"]),
    "code": (["007", "12"], "text", ["007", "12"]),
    "mixed": (["1", "x"], "text", ["1", "x"]),
    "empty": (["", ""], "text?", [None, None]),
    "quoted empty": (['""', "x"], "text", ["", "x"]),
    "absent": (["5", "N/A"], "bigint?", [5, None]),
    "absent text": (["x", "N/A"], "text", ["x", "N/A"]),
}  # fmt: skip


def test_the_first_file_creates_a_table_with_the_types_of_its_values(
    inferred: InferredDatasets,
) -> None:
    rows = zip(*(texts for texts, _, _ in TYPES.values()), strict=True)

    found = inferred.write("zoo/a.csv", ",".join(TYPES), *(",".join(row) for row in rows))

    assert (found["state"], found["error"], found["rows_inserted"]) == ("loaded", None, 2)
    names = [name.replace(" ", "_") for name in TYPES]
    assert inferred.types("zoo") == dict(zip(names, (kind for _, kind, _ in TYPES.values()), strict=True))
    values = dict(zip(names, zip(*inferred.rows("zoo"), strict=True), strict=True))
    assert {name: list(found) for name, found in values.items()} == {
        name: expected for name, (_, _, expected) in zip(names, TYPES.values(), strict=True)
    }
    assert found["columns"][7] == {"name": "digits of a day", "column": "digits_of_a_day"}
    (created,) = inferred.changes("zoo")
    assert (created["change"], created["columns"]["money"]) == ("created", "numeric(4, 2)")
    (absent,) = [one for one in inferred.dataset("zoo").columns or () if one.name == "absent"]
    assert (absent.nulls, absent.headers) == (("N/A",), ("absent",))


GROWTH: list[tuple[str, str, str, list[Any], str | None]] = [
    ("1", "1.5", "numeric", [Decimal(1), Decimal("1.5")], "bigint > numeric(2, 1)"),
    ("1", "x", "text", ["1", "x"], "bigint > text"),
    ("1", "1e-05", "double precision", [1.0, 1e-05], "bigint > double precision"),
    ("1.50", "1.25e3", "double precision", [1.5, 1250.0], "numeric(3, 2) > double precision"),
    ("1.50", "x", "text", ["1.50", "x"], "numeric(3, 2) > text"),
    ("1.50", "0.125", "numeric", [Decimal("1.5"), Decimal("0.125")], None),
    ("1.50", "7", "numeric", [Decimal("1.5"), Decimal(7)], None),
    ("x", "7", "text", ["x", "7"], None),
    ("TRUE", "true", "boolean", [True, True], None),
    ("TRUE", "1", "text", ["TRUE", "1"], "boolean > text"),
    (
        "2024-01-01",
        "2024-01-01 10:30",
        "timestamp without time zone",
        [datetime(2024, 1, 1), datetime(2024, 1, 1, 10, 30)],  # noqa: DTZ001
        "date > timestamp",
    ),
    ("2024-01-01", "01/02/2024", "text", ["2024-01-01", "01/02/2024"], "date > text"),
    ("2024-01-01T10:30:00.5", "x", "text", ["2024-01-01T10:30:00.5", "x"], "timestamp > text"),
    ("5", "", "bigint?", [5, None], "made nullable"),
    ("5", "NULL", "bigint?", [5, None], "made nullable"),
    ("5", "007", "text", ["5", "007"], "bigint > text"),
]


def test_columns_are_widened_for_values_that_do_not_fit(
    inferred: InferredDatasets,
) -> None:
    names = [f"c{place}" for place in range(len(GROWTH))]
    inferred.write("zoo/a.csv", ",".join(names), ",".join(first for first, *_ in GROWTH))
    later = inferred.write("zoo/b.csv", ",".join(names), ",".join(later for _, later, *_ in GROWTH))

    assert (later["state"], later["rows_inserted"]) == ("loaded", 1)
    assert inferred.types("zoo") == {name: case[2] for name, case in zip(names, GROWTH, strict=True)}
    assert list(zip(*inferred.rows("zoo"), strict=True)) == [tuple(values) for _, _, _, values, _ in GROWTH]
    changes = {
        one["column"]: " > ".join([one["from"], one["type"]]) if "from" in one else one["change"]
        for one in inferred.changes("zoo")[1:]
    }
    assert changes == {name: change for name, (*_, change) in zip(names, GROWTH, strict=True) if change}


def test_new_columns_are_added_and_missing_columns_are_nullable(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo")
    found = inferred.write("zoo/b.csv", "Height,ID", "1.85,2")

    assert inferred.types("zoo") == {"id": "bigint", "name": "text?", "height": "numeric?"}
    assert inferred.rows("zoo") == [(1, "Bo", None), (2, None, Decimal("1.85"))]
    assert found["columns"] == [{"name": "Height", "column": "height"}, {"name": "ID", "column": "id"}]
    of_file = inferred.query(
        "select distinct ingestion_id from ingest.dataset_changes where change ->> 'change' <> 'created'"
    )
    assert of_file == [(found["id"],)]


def test_the_same_header_always_has_the_same_columns(inferred: InferredDatasets) -> None:
    header = "a,A,a2,,int,Größe,order"
    inferred.write("zoo/a.csv", header, "1,2,3,4,5,6,7")
    names = [column["column"] for column in inferred.write("zoo/b.csv", header, "1,2,3,4,5,6,8")["columns"]]

    assert names == ["a", "a_2", "a2_2", "column_4", "int_", "grosse", "order_"]
    assert inferred.types("zoo") == dict.fromkeys(names, "bigint")
    assert inferred.rows("zoo") == [(1, 2, 3, 4, 5, 6, 7), (1, 2, 3, 4, 5, 6, 8)]


def test_a_file_without_rows_neither_creates_nor_changes_a_table(inferred: InferredDatasets) -> None:
    assert inferred.write("zoo/empty.csv", "id,name")["error"]["code"] == "no_rows"
    assert not inferred.has_table("zoo")

    inferred.write("zoo/a.csv", "id", "1")
    assert inferred.write("zoo/empty2.csv", "id,name")["state"] == "loaded"
    assert inferred.types("zoo") == {"id": "bigint"}


def test_a_refused_file_changes_nothing_and_its_format_is_recorded(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo")

    found = inferred.write("zoo/b.csv", "id,name,more", *["x,y,z"] * 8, *["too,short"] * 2)

    assert (found["state"], found["error"]["code"]) == ("refused", "too_many_rejects")
    assert (found["rows_read"], found["rows_rejected"], found["format"]["encoding"]) == (10, 2, "utf-8")
    assert [column["column"] for column in found["columns"]] == ["id", "name", "more"]
    assert len(inferred.query("select * from ingest.rejects")) == 2
    assert inferred.types("zoo") == {"id": "bigint", "name": "text"}
    assert len(inferred.changes("zoo")) == 1


def test_few_bad_rows_are_rejects(inferred: InferredDatasets) -> None:
    found = inferred.write("zoo/a.csv", "id,name", *(f"{number},Bo" for number in range(40)), "bad", 'x"y,z"')

    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 41, 1)


def test_without_a_key_the_same_bytes_load_once_and_a_new_version_replaces_the_old(
    inferred: InferredDatasets,
) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo", "1,Bo")
    assert inferred.write("zoo/copy.csv", "id,name", "1,Bo", "1,Bo")["state"] == "duplicate"
    assert inferred.rows("zoo") == [(1, "Bo"), (1, "Bo")]

    inferred.write("zoo/b.csv", "id,name", "2,Al")
    inferred.write("zoo/b.csv", "id,name", "3,Al")
    assert inferred.rows("zoo") == [(1, "Bo"), (1, "Bo"), (3, "Al")]


def test_null_spellings_are_missing_if_all_other_values_have_one_type(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "number,word", "1,NA", "NULL,x", "-,-")
    inferred.write("zoo/b.csv", "number,word", "N/A,N/A")

    assert inferred.rows("zoo") == [(1, "NA"), (None, "x"), (None, "-"), (None, "N/A")]
    assert [one.nulls for one in inferred.dataset("zoo").columns or ()] == [("-", "NULL", "N/A"), ()]
    inferred.write("zoo/c.csv", "number,word", "x,y", "NULL,z")
    assert [number for number, _ in inferred.rows("zoo")] == ["1", None, None, None, "x", "NULL"]


def test_a_dataset_needs_a_name_that_a_table_can_have(inferred: InferredDatasets) -> None:
    for name in ("Zoo", "1zoo", "z-o", "z" * 49, "zo\u00f6"):
        assert inferred.write(f"{name}/a.csv", "id", "1")["error"]["code"] == "bad_dataset_name"


@pytest.mark.parametrize(
    "statement",
    [
        "create table zoo (id bigint)",
        "create view zoo as select 1 as id",
        "create table other (id bigint constraint zoo_pkey primary key)",
        "create type zoo as enum ('a')",
    ],
)
def test_a_name_of_another_database_object_is_refused(statement: str, inferred: InferredDatasets) -> None:
    inferred.run(statement)

    assert inferred.write("zoo/a.csv", "id", "1")["error"]["code"] == "name_taken"

    assert inferred.query("select count(*) from ingest.datasets") == [(0,)]


def test_undeclared_datasets_can_be_refused(container: ContainerClient, engine: Engine) -> None:
    inferred = InferredDatasets(
        BlobLoader(engine, container, "sales", undeclared_datasets="refuse"), container, engine
    )

    error = inferred.write("zoo/a.csv", "id", "1")["error"]
    assert error["code"] == "unknown_dataset"
    assert error["detail"].startswith(
        "No contract declares the dataset 'zoo', and UNDECLARED_DATASETS=refuse"
    )

    assert not inferred.has_table("zoo")


def test_the_first_chunk_has_the_columns_of_the_table(inferred: InferredDatasets, engine: Engine) -> None:
    inferred.write(
        "zoo/a.csv", "name,price,day", "Bo,1.50,2024-01-01", "Al,12345678901234567890.10,2024-01-02"
    )

    contract = catalog.require_dataset(engine, "zoo").contract

    assert first_rows.first_chunk(engine, contract, 10) == (
        '[{"name":"Bo","price":1.5,"day":"2024-01-01"},'
        '{"name":"Al","price":12345678901234567890.1,"day":"2024-01-02"}]'
    )
    with pytest.raises(UnknownDataset):
        catalog.require_dataset(engine, "nowhere")


def test_any_format_makes_a_table_and_a_footer_is_a_reject(inferred: InferredDatasets) -> None:
    rows = [f"{number};1,5;x" for number in range(20)]
    found = inferred.write("zoo/a.csv", "a report", "", "id;price;name", *rows, "Total;30,0;")

    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 20, 1)
    assert inferred.types("zoo") == {"id": "bigint", "price": "text", "name": "text"}
    assert (found["format"]["delimiter"], found["format"]["header_line"]) == (";", 3)
    assert "footer" in str(inferred.query("select errors from ingest.rejects"))


def test_a_file_without_a_header_has_numbered_columns(inferred: InferredDatasets) -> None:
    first = inferred.write("zoo/a.csv", "1,2.5", "2,3.5", "3,4.5")
    inferred.write("zoo/b.csv", "4,2.5", "5,3.5", "6,4.5")

    assert inferred.types("zoo") == {"column_1": "bigint", "column_2": "numeric"}
    assert (first["format"]["header_line"], len(inferred.rows("zoo"))) == (None, 6)


def test_several_tables_in_a_file_change_nothing(inferred: InferredDatasets) -> None:
    one, other = [f"{n},x" for n in range(9)], [f"{n},2024-01-0{n},z" for n in range(1, 9)]
    found = inferred.write("zoo/a.csv", "id,name", *one, "", "id,day,what", *other)

    assert (found["state"], found["error"]["code"]) == ("refused", "several_tables")
    assert not inferred.has_table("zoo")


def test_number_format_options_decide_what_is_a_number(inferred: InferredDatasets) -> None:
    options = {"csv_decimal": "comma", "csv_thousands": "point", "csv_currency": "%e2%82%ac"}

    found = inferred.write(
        "zoo/a.csv",
        "price;count;code;version",
        "1.234,50 €;7;x;1.234",
        "€ 0,25;1.000;y;1.2",
        **options,
    )

    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 2, 0)
    assert inferred.types("zoo") == {"price": "numeric", "count": "bigint", "code": "text", "version": "text"}
    assert inferred.rows("zoo") == [
        (Decimal("1234.50"), 7, "x", "1.234"),
        (Decimal("0.25"), 1000, "y", "1.2"),
    ]


def test_files_without_a_header_are_matched_by_position(inferred: InferredDatasets) -> None:
    first = [f"{number},{number}.50,2024-01-0{number}" for number in range(1, 6)]

    assert inferred.write("zoo/a.csv", *first)["rows_inserted"] == 5
    assert inferred.write("zoo/b.csv", *(f"{row},x" for row in first))["rows_inserted"] == 5
    assert inferred.write("zoo/c.csv", *(row.replace("2024", "2025") for row in first))["rows_inserted"] == 5

    assert list(inferred.types("zoo")) == ["column_1", "column_2", "column_3", "column_4"]


def test_a_file_without_a_header_needs_an_option_for_named_columns(inferred: InferredDatasets) -> None:
    rows = [f"{number},{number}.50" for number in range(1, 6)]
    inferred.write("zoo/a.csv", "id,price", *rows)

    without_option = inferred.write("zoo/b.csv", *rows[:4])
    with_option = inferred.write("zoo/c.csv", *rows[:3], csv_header_line="none")

    assert (without_option["state"], without_option["error"]["code"]) == ("refused", "header_mismatch")
    assert "header_line=none" in without_option["error"]["detail"]
    assert (with_option["state"], with_option["rows_inserted"]) == ("loaded", 3)
    assert list(inferred.types("zoo")) == ["id", "price"]


def test_too_wide_rows_neither_create_nor_change_a_table(inferred: InferredDatasets) -> None:
    names = ",".join(f"c{number}" for number in range(1100))
    error = inferred.write("zoo/a.csv", names, ",".join(["1"] * 1100))["error"]
    assert (error["code"], error["columns"], error["most"]) == ("row_too_wide", 1100, 8000)
    assert not inferred.has_table("zoo")

    long = ",".join(["9" * 18] * 600)
    names = names[: names.index(",c600")]
    assert inferred.write("den/a.csv", names, long)["state"] == "loaded"
    assert inferred.write("den/b.csv", names, ",".join(["x"] * 600))["error"]["code"] == "row_too_wide"
    assert set(inferred.types("den").values()) == {"bigint"}


def test_many_columns_load_if_each_row_has_few_values(inferred: InferredDatasets) -> None:
    names = ",".join(f"c{number}" for number in range(1100))
    halves = [["1"] * 550 + [""] * 550, [""] * 550 + ["1"] * 550]
    assert inferred.write("zoo/a.csv", names, *map(",".join, halves))["state"] == "loaded"


def test_short_texts_fit_in_many_columns(inferred: InferredDatasets) -> None:
    names = ",".join(f"c{number}" for number in range(1400))
    assert inferred.write("zoo/a.csv", names, ",".join(["abc"] * 1400))["state"] == "loaded"


def test_a_blank_name_is_always_the_same_column(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "column 1,n", "x,1")

    first = inferred.write("zoo/b.csv", ",column 1,n", "p,y,2", "q,z,3")
    again = inferred.write("zoo/c.csv", ",column 1,n", "r,y,4", "s,z,5")

    assert (first["state"], again["state"]) == ("loaded", "loaded")
    assert list(inferred.types("zoo")) == ["column_1", "n", "column_1_2"]
    assert [row[2] for row in inferred.rows("zoo")] == [None, "p", "q", "r", "s"]
