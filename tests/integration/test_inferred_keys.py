"""The key of an inferred dataset: sent with its first file, or set once later."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine

from shared.errors import Conflict, InvalidRequest, NotFound
from shared.use_cases.set_key import set_key
from tests.integration.inferred_datasets import InferredDatasets


def test_with_a_key_later_rows_replace_earlier_ones(
    inferred: InferredDatasets,
) -> None:
    inferred.write("zoo/a.csv", "Order No,Line,name", "A,1,Bo", "A,2,Al", key="order_no, LINE")
    found = inferred.write("zoo/b.csv", "Line,Order No,name", "2,A,Cy", "1,b,Di", "1,A,Bo")

    assert (found["rows_inserted"], found["rows_updated"], found["rows_unchanged"]) == (1, 1, 1)
    assert sorted(inferred.rows("zoo")) == [("A", 1, "Bo"), ("A", 2, "Cy"), ("b", 1, "Di")]
    assert inferred.dataset("zoo").contract.key == ("order_no", "line")
    assert inferred.query(
        "select collname from pg_attribute join pg_collation on pg_collation.oid = attcollation "
        "where attrelid = 'zoo'::regclass and attname = 'order_no'"
    ) == [("C",)]


def test_rows_without_a_key_are_rejects(inferred: InferredDatasets) -> None:
    rows = [f"{number},x" for number in range(30)]
    found = inferred.write("zoo/a.csv", "id,name", *rows, ",y", "N/A,z", key="id")

    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 30, 2)
    assert inferred.types("zoo")["id"] == "bigint"
    assert inferred.write("zoo/b.csv", "id,name", "40,x", ",y")["error"]["code"] == "too_many_rejects"
    assert inferred.write("zoo/c.csv", "name", "x")["error"]["missing"] == ["id"]
    assert inferred.types("zoo") == {"id": "bigint", "name": "text"}


def test_a_key_column_can_be_widened(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo", key="id")
    inferred.write("zoo/b.csv", "id,name", "x,Al", "1,Cy")

    assert sorted(inferred.rows("zoo")) == [("1", "Cy"), ("x", "Al")]
    assert inferred.types("zoo")["id"] == "text"


@pytest.mark.parametrize(
    ("first", "again", "other"),
    [
        ("2024-01-01 10:30", "2024-01-01 10:30", "later"),
        ("2024-01-01T10:30:00+02:00", "2024-01-01T10:30:00+02:00", "later"),
        ("1.50", "1.50", "x"),
        ("true", "true", "x"),
        ("1.5e-7", "1.5e-7", "x"),
        ("1", "1", "1.50"),
        ("2024-01-01", "2024-01-01", "2024-01-02 10:30"),
    ],
)
def test_a_key_widened_to_text_still_finds_its_rows(
    first: str, again: str, other: str, inferred: InferredDatasets
) -> None:
    inferred.write("zoo/a.csv", "id,name", f"{first},Bo", key="id")
    inferred.write("zoo/b.csv", "id,name", f"{other},Al")
    found = inferred.write("zoo/c.csv", "id,name", f"{again},Cy")

    assert (found["rows_inserted"], found["rows_updated"]) == (0, 1)
    assert sorted(inferred.rows("zoo")) == sorted([(first, "Cy"), (other, "Al")])


@pytest.mark.parametrize("text", ["+1", "-0", "007"])
def test_numbers_in_an_unusual_form_make_a_text_key(text: str, inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", f"{text},Bo", key="id")
    assert inferred.types("zoo")["id"] == "text"


def test_a_key_that_was_set_later_is_never_widened_to_text(
    inferred: InferredDatasets, engine: Engine
) -> None:
    inferred.write("zoo/a.csv", "id,name", "1.50,Bo", "2.25,Al")
    set_key(engine, "zoo", ["id"])
    assert inferred.write("zoo/b.csv", "id,name", "1.5,Cy", "3,Di")["rows_updated"] == 1

    error = inferred.write("zoo/c.csv", "id,name", "x,Ed")["error"]
    assert (error["code"], error["column"], error["type"]) == ("key_would_change", "id", "numeric")
    assert inferred.types("zoo")["id"] == "numeric"
    assert len(inferred.rows("zoo")) == 3


def test_a_too_long_key_creates_no_table(inferred: InferredDatasets) -> None:
    error = inferred.write("zoo/a.csv", "id,name", "é" * 1301 + ",Bo", key="id")["error"]
    assert (error["code"], error["bytes"], error["most"]) == ("key_too_long", {"id": 2602}, 2600)
    assert not inferred.has_table("zoo")

    inferred.write("zoo/b.csv", "id,name", "1,Bo", key="id")
    assert inferred.write("zoo/c.csv", "id,name", "x" * 2601 + ",Al")["error"]["code"] == "key_too_long"
    assert inferred.types("zoo")["id"] == "bigint"


def test_the_longest_key_fits(inferred: InferredDatasets) -> None:
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    value = "".join(alphabet[number * number * 7919 // 13 % 36] for number in range(2600))
    assert inferred.write("zoo/a.csv", "id,name", f"{value},Bo", key="id")["state"] == "loaded"


def test_the_same_bytes_with_another_key_are_refused(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo")
    error = inferred.write("zoo/b.csv", "id,name", "1,Bo", key="id")["error"]
    assert error["code"] == "key_differs"
    assert 'PUT /api/datasets/zoo {"key": [...]}' in error["detail"]

    inferred.write("den/a.csv", "Id,name", "1,Bo", key="id")
    assert inferred.write("den/b.csv", "Id,name", "1,Bo", key="ID")["state"] == "duplicate"
    assert inferred.write("den/c.csv", "Id,name", "1,Bo", key="name")["error"]["code"] == "key_differs"


@pytest.mark.parametrize(
    ("key", "code"), [("nothing", "header_mismatch"), ("id,nothing", "header_mismatch"), (" , ", None)]
)
def test_a_key_of_missing_columns_creates_no_table(
    key: str, code: str | None, inferred: InferredDatasets
) -> None:
    error = inferred.write("zoo/a.csv", "id,name", "1,Bo", key=key)["error"]

    assert (error and error["code"]) == code
    assert inferred.has_table("zoo") is (code is None)


def test_a_later_file_may_name_the_same_key_and_no_other(inferred: InferredDatasets) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo", key="id")
    assert inferred.write("zoo/b.csv", "ID,name", "2,Bo", key="Id")["state"] == "loaded"
    assert inferred.write("zoo/c.csv", "id,name", "3,Bo", key="name")["error"]["code"] == "key_differs"

    inferred.write("den/a.csv", "id,name", "1,Bo")
    error = inferred.write("den/b.csv", "id,name", "2,Bo", key="id")["error"]
    assert error["code"] == "key_differs"
    assert 'PUT /api/datasets/den {"key": [...]}' in error["detail"]


def test_a_file_cannot_change_the_key_of_a_declared_dataset(inferred: InferredDatasets) -> None:
    from tests.fixtures.samples import HEADER, row  # noqa: PLC0415

    key = "SalesOrderLineNumber,SalesOrderNumber"
    assert inferred.write("sales/a.csv", HEADER, row(1), key=key)["state"] == "loaded"
    assert inferred.write("sales/b.csv", HEADER, row(2), key="item")["error"]["code"] == "key_differs"


def test_a_key_is_set_once(inferred: InferredDatasets, engine: Engine) -> None:
    inferred.write("zoo/a.csv", "id,name,size", "1,Bo,", "2,Al,3")

    assert set_key(engine, "zoo", ["Name"]).contract.key == ("name",)
    assert set_key(engine, "zoo", ["name"]).contract.key == ("name",)

    with pytest.raises(Conflict, match=re.escape("already has the key (name). A key cannot be changed")):
        set_key(engine, "zoo", ["id"])
    assert inferred.changes("zoo")[1:] == [{"change": "key set", "key": ["name"]}]
    found = inferred.write("zoo/b.csv", "id,name,size", "5,Bo,1")
    assert (found["rows_updated"], sorted(inferred.rows("zoo"))) == (1, [(2, "Al", 3), (5, "Bo", 1)])


def test_rows_that_prevent_a_key_are_listed_with_their_lines(
    inferred: InferredDatasets, engine: Engine
) -> None:
    first = inferred.write("zoo/a.csv", "id,name", "1,", *["2,Bo"] * 12)
    inferred.write("zoo/b.csv", "id,name", "1,Al")

    with pytest.raises(
        Conflict, match=r"\(id\) cannot be the key: 12 rows with a key that occurs"
    ) as repeated:
        set_key(engine, "zoo", ["id"])
    with pytest.raises(Conflict, match=r"\(id, name\) cannot be the key: 1 row without a value") as missing:
        set_key(engine, "zoo", ["id", "name"])

    assert [fault["line"] for fault in repeated.value.faults] == [*range(4, 14)]
    assert missing.value.faults == (
        {
            "ingestion_id": str(first["id"]),
            "load": first["serial"],
            "line": 2,
            "detail": "The row lacks a value of (id, name).",
        },
    )
    assert inferred.dataset("zoo").contract.key == ()


def test_a_key_needs_an_existing_dataset_and_columns(inferred: InferredDatasets, engine: Engine) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,Bo", "2," + "x" * 9000 + "".join(map(str, range(9000))))

    with pytest.raises(NotFound):
        set_key(engine, "nowhere", ["id"])
    with pytest.raises(InvalidRequest, match=r"zoo has no column .other.. Its columns are id, name"):
        set_key(engine, "zoo", ["id", "other"])
    with pytest.raises(InvalidRequest, match="zoo needs a key of columns"):
        set_key(engine, "zoo", [])
    with pytest.raises(Conflict, match="too long"):
        set_key(engine, "zoo", ["name"])
    with pytest.raises(Conflict, match="declared by a contract"):
        set_key(engine, "sales", ["item"])
    key = ["sales_order_number", "SalesOrderLineNumber"]
    assert set_key(engine, "sales", key).is_declared
