"""The key of a dataset that nobody declared: with its first file, or set once."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine

from shared.errors import Conflict, InvalidRequest, NotFound
from shared.keying import set_key
from tests.integration.inferred_tables import Shelf


def test_a_key_given_with_the_first_file_makes_later_rows_replace_earlier_ones(shelf: Shelf) -> None:
    shelf.bring("zoo/a.csv", "Order No,Line,name", "A,1,Bo", "A,2,Al", key="order_no, LINE")
    found = shelf.bring("zoo/b.csv", "Line,Order No,name", "2,A,Cy", "1,b,Di", "1,A,Bo")

    assert (found["rows_inserted"], found["rows_updated"], found["rows_unchanged"]) == (1, 1, 1)
    assert sorted(shelf.rows("zoo")) == [("A", 1, "Bo"), ("A", 2, "Cy"), ("b", 1, "Di")]
    assert shelf.dataset("zoo").contract.key == ("order_no", "line")
    assert shelf.query(
        "select collname from pg_attribute join pg_collation on pg_collation.oid = attcollation "
        "where attrelid = 'zoo'::regclass and attname = 'order_no'"
    ) == [("C",)]


def test_rows_without_a_key_are_rejects(shelf: Shelf) -> None:
    rows = [f"{number},x" for number in range(30)]
    found = shelf.bring("zoo/a.csv", "id,name", *rows, ",y", "N/A,z", key="id")

    assert (found["state"], found["rows_inserted"], found["rows_rejected"]) == ("loaded", 30, 2)
    assert shelf.types("zoo")["id"] == "bigint"
    assert shelf.bring("zoo/b.csv", "id,name", "40,x", ",y")["error"]["code"] == "too_many_rejects"
    assert shelf.bring("zoo/c.csv", "name", "x")["error"]["missing"] == ["id"]
    assert shelf.types("zoo") == {"id": "bigint", "name": "text"}


def test_a_key_is_widened_but_stays_the_key(shelf: Shelf) -> None:
    shelf.bring("zoo/a.csv", "id,name", "1,Bo", key="id")
    shelf.bring("zoo/b.csv", "id,name", "x,Al", "1,Cy")

    assert sorted(shelf.rows("zoo")) == [("1", "Cy"), ("x", "Al")]
    assert shelf.types("zoo")["id"] == "text"


@pytest.mark.parametrize(
    ("key", "code"), [("nothing", "header_mismatch"), ("id,nothing", "header_mismatch"), (" , ", None)]
)
def test_a_key_of_columns_that_are_not_there_makes_no_table(key: str, code: str | None, shelf: Shelf) -> None:
    error = shelf.bring("zoo/a.csv", "id,name", "1,Bo", key=key)["error"]

    assert (error and error["code"]) == code
    assert shelf.has_table("zoo") is (code is None)


def test_a_later_file_may_name_the_same_key_and_no_other(shelf: Shelf) -> None:
    shelf.bring("zoo/a.csv", "id,name", "1,Bo", key="id")
    assert shelf.bring("zoo/b.csv", "ID,name", "2,Bo", key="Id")["state"] == "loaded"
    assert shelf.bring("zoo/c.csv", "id,name", "3,Bo", key="name")["error"]["code"] == "key_differs"

    shelf.bring("den/a.csv", "id,name", "1,Bo")
    error = shelf.bring("den/b.csv", "id,name", "2,Bo", key="id")["error"]
    assert error["code"] == "key_differs"
    assert 'PUT /api/datasets/den {"key": [...]}' in error["detail"]


def test_of_a_declared_dataset_only_its_own_key_may_be_asked_for(shelf: Shelf) -> None:
    from tests.fixtures.samples import HEADER, row  # noqa: PLC0415

    key = "SalesOrderLineNumber,SalesOrderNumber"
    assert shelf.bring("sales/a.csv", HEADER, row(1), key=key)["state"] == "loaded"
    assert shelf.bring("sales/b.csv", HEADER, row(2), key="item")["error"]["code"] == "key_differs"


def test_a_key_is_set_once(shelf: Shelf, engine: Engine) -> None:
    shelf.bring("zoo/a.csv", "id,name,size", "1,Bo,", "2,Al,3")

    assert set_key(engine, "zoo", ["Name"]).contract.key == ("name",)
    assert set_key(engine, "zoo", ["name"]).contract.key == ("name",)

    with pytest.raises(Conflict, match=re.escape("has the key (name). A key is set once")):
        set_key(engine, "zoo", ["id"])
    assert shelf.changes("zoo")[1:] == [{"change": "key set", "key": ["name"]}]
    found = shelf.bring("zoo/b.csv", "id,name,size", "5,Bo,1")
    assert (found["rows_updated"], sorted(shelf.rows("zoo"))) == (1, [(2, "Al", 3), (5, "Bo", 1)])


def test_rows_in_the_way_of_a_key_are_named_by_their_lines(shelf: Shelf, engine: Engine) -> None:
    first = shelf.bring("zoo/a.csv", "id,name", "1,", *["2,Bo"] * 12)
    shelf.bring("zoo/b.csv", "id,name", "1,Al")

    with pytest.raises(Conflict, match=r"12 rows repeat \(id\)") as repeated:
        set_key(engine, "zoo", ["id"])
    with pytest.raises(Conflict, match=r"1 rows lack a value of \(id, name\)") as missing:
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
    assert shelf.dataset("zoo").contract.key == ()


def test_a_key_needs_a_dataset_and_its_columns(shelf: Shelf, engine: Engine) -> None:
    shelf.bring("zoo/a.csv", "id,name", "1,Bo", "2," + "x" * 9000 + "".join(map(str, range(9000))))

    with pytest.raises(NotFound):
        set_key(engine, "nowhere", ["id"])
    with pytest.raises(InvalidRequest, match="no column 'other': those of zoo are id, name"):
        set_key(engine, "zoo", ["id", "other"])
    with pytest.raises(InvalidRequest, match="no key without columns"):
        set_key(engine, "zoo", [])
    with pytest.raises(Conflict, match="too long"):
        set_key(engine, "zoo", ["name"])
    with pytest.raises(Conflict, match="declared by a contract"):
        set_key(engine, "sales", ["item"])
    key = ["sales_order_number", "SalesOrderLineNumber"]
    assert set_key(engine, "sales", key).is_declared
