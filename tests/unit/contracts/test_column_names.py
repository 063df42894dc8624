"""Column names are valid, unique and readable for every header."""

# ruff: noqa: RUF001

from __future__ import annotations

import keyword
import time

import psycopg2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.base import Contract
from shared.contracts.column_names import (
    MAX_NAME_BYTES,
    RESERVED,
    is_valid_column_name,
    joined_names,
    readable_names,
)

UNUSUAL = st.sampled_from(
    [
        "",
        " ",
        "_",
        "a",
        "A",
        "a_2",
        "order",
        "order_",
        "İ",
        "ß",
        "ſ",
        "ﬁ",
        "ª",
        "हिन्दी",
        "²",
        "x" * 63,
        "é" * 40,
        "名前",
        "model",
        "Model",
        "model_2",
        *dir(Contract),
        *keyword.kwlist,
        *("str", "int", "float", "bool", "tuple", "date"),
    ]
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("SalesOrderNumber", "sales_order_number"),
        ("HTTPStatus", "http_status"),
        (" Unit Price (EUR) ", "unit_price_eur"),
        ("Unit-Price", "unit_price"),
        ("Größe", "grosse"),
        ("Łódź", "lodz"),
        ("Smørrebrød", "smorrebrod"),
        ("accessibilité", "accessibilite"),
        ("Customer's name", "customers_name"),
        ("Share %", "share_percent"),
        ("2019", "n_2019"),
        ("order", "order_"),
        ("Class", "class_"),
        ("ctid", "ctid_"),
        ("Model Year", "modelyear"),
        ("str", "str_"),
        ("_load", "load"),
        ("_line", "line"),
        ("Год рождения", "год_рождения"),
        ("名前", "名前"),
        ("हिन्दी", "हिन्दी"),
        ("", "column_1"),
        ("#", "column_1"),
    ],
)
def test_a_name_becomes_readable(name: str, column: str) -> None:
    assert readable_names([name]) == [column]


def test_repeated_names_are_numbered() -> None:
    assert readable_names(["name", "Name", "NAME", "name_2"]) == ["name", "name_3", "name_4", "name_2"]


def test_thousands_of_repeated_names_are_numbered_fast() -> None:
    started = time.process_time()
    assert readable_names(["name"] * 20_000)[-1] == "name_20000"
    assert time.process_time() - started < 10  # minutes, were each to try the numbers of those before


def test_columns_without_a_name_are_numbered_by_position() -> None:
    assert readable_names(["id", "", "", "id"]) == ["id", "column_2", "column_3", "id_2"]


def test_long_names_are_cut_between_characters_and_stay_unique() -> None:
    first, second = readable_names(["ж" * 60, "ж" * 61])
    assert first == "ж" * 31
    assert second == "ж" * 30 + "_2"


def test_a_repeated_reserved_word_is_numbered() -> None:
    assert readable_names(["order", "Order", "order_"]) == ["order_", "order_2", "order_3"]


@given(st.lists(st.one_of(UNUSUAL, WORDS), max_size=12))
@example(["a", "a", "a_2", "A"])
@example(["x" * 63, "x" * 64, "x" * 61 + "_2"])
def test_names_are_unique_and_valid_and_valid_names_do_not_change(names: list[str]) -> None:
    found = readable_names(names)

    assert len(set(found)) == len(found) == len(names)
    for name in found:
        assert len(name.encode()) <= MAX_NAME_BYTES
        assert name.isidentifier()
        assert not name.startswith("_")
        assert name not in RESERVED
        assert is_valid_column_name(name)
        assert name == name.lower()
    assert readable_names(found) == found


def test_readable_names_of_reserved_words_are_valid_field_names() -> None:
    names = sorted({*dir(Contract), *keyword.kwlist, *RESERVED, "date", "model_x"})
    columns = {column for name in names for column in readable_names([name, name.title(), name])}
    assert {column for column in columns if not is_valid_column_name(column)} == set()


def test_every_word_that_a_field_cannot_have_is_reserved() -> None:
    own = {name for name in (*dir(Contract), *Contract.__annotations__) if not name.startswith("_")}
    words = own | {word.lower() for word in keyword.kwlist}
    assert words <= RESERVED
    assert {word for word in words if is_valid_column_name(word)} == set()


def test_every_reserved_word_of_postgres_is_reserved(database_url: str) -> None:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select word from pg_get_keywords() where catcode in ('R', 'T') "
                "union select attname from pg_attribute where attnum < 0"
            )
            words = {word for (word,) in cursor.fetchall()}
    finally:
        connection.close()
    assert len(words) > 90
    assert words <= RESERVED


def test_names_of_groups_come_before_names_of_columns() -> None:
    assert joined_names([["", "2019", "", "2020", ""], ["Region", "Q1", "Q2", "Q1", "Q2"]]) == [
        "Region",
        "2019 Q1",
        "2019 Q2",
        "2020 Q1",
        "2020 Q2",
    ]
    assert joined_names([["id", "name"]]) == ["id", "name"]
    assert joined_names([]) == []
