"""Postgres makes the changes, and rows of typed columns become the texts that the files had."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import psycopg2.extensions
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql
from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateTable

from shared.contracts import dataset_table
from shared.database.copy import BinaryRows
from shared.database.sql_fragments import column_list
from shared.datasets.alter_table import alter_statement, column_changes
from shared.inference import table_columns
from shared.inference.contract_builder import build_contract
from shared.loading.loader import with_lineage
from shared.validation.normalize import replace_null_spellings
from shared.validation.validate import validate
from tests.unit.inference.inferred_columns import CELLS, Texts, infer
from tests.unit.validation.oracle import batch_of

Cursor = psycopg2.extensions.cursor
_DIALECT = create_mock_engine("postgresql://", lambda *_: None).dialect
_NAME = sql.Identifier("public", "grows")

exact = ["whole", "long", "money", "fine", "many digits", "ways to write", "words", "dates", "codes", "text"]
"""Kinds that come back letter by letter; of times and floating numbers, the value does."""


@pytest.fixture
def cursor(empty_database_url: str) -> Iterator[Cursor]:
    connection = psycopg2.connect(empty_database_url)
    with connection.cursor() as cursor:
        # Nothing may depend on how a session shows times.
        cursor.execute("set datestyle to 'German'; set timezone to 'Asia/Kathmandu'")
        yield cursor
    connection.close()


def load(
    cursor: Cursor, columns: tuple[table_columns.TableColumn, ...], texts: dict[str, Texts], *key: str
) -> None:
    """Make the table `grows` and load one file."""
    contract = build_contract("grows", columns, key)
    made = dataset_table.sqlalchemy_table(contract)
    cursor.execute("drop table if exists public.grows")
    cursor.execute(str(CreateTable(made).compile(dialect=_DIALECT)))
    validated = validate(replace_null_spellings(batch_of(texts), contract), contract)
    assert not validated.rejects
    rows = with_lineage(validated, 1)
    names = column_list(rows.schema.names)
    cursor.copy_expert(
        sql.SQL("copy {} ({}) from stdin (format binary)").format(_NAME, names), BinaryRows(rows)
    )


def grow(cursor: Cursor, texts: dict[str, Texts], later: dict[str, Texts], *key: str) -> None:
    """Load `texts` into a new table, then change it for `later`."""
    before = table_columns.new_table_columns(list(infer(texts).values()), key)
    load(cursor, before, texts, *key)
    wanted = column_changes(before, table_columns.evolve_columns(before, list(infer(later).values()), key))
    cursor.execute(alter_statement(_NAME, wanted, key))


def read(cursor: Cursor, column: str = "it") -> list[str | None]:
    cursor.execute(sql.SQL("select {}::text from {} order by _line").format(sql.Identifier(column), _NAME))
    return [text for (text,) in cursor.fetchall()]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(exact).flatmap(lambda kind: st.lists(CELLS[kind] | st.none(), min_size=1, max_size=6)),
)
def test_cells_of_a_column_that_becomes_text_are_as_the_file_had_them(cursor: Cursor, texts: Texts) -> None:
    before = table_columns.new_table_columns(list(infer({"it": texts}).values()))
    load(cursor, before, {"it": texts})
    wanted = column_changes(
        before, table_columns.evolve_columns(before, list(infer({"it": ["x", None]}).values()))
    )
    if wanted:
        cursor.execute(alter_statement(_NAME, wanted))
    assert read(cursor) == list(texts)


@pytest.mark.parametrize(
    "texts",
    [
        ["5", "1.5", "1.25"],
        ["5.00", "1.50"],
        ["5.0", "1.5", "1.25"],
        ["5", "1.50", "-0.25"],
        ["0.10", "100000000000000000000.00"],
        ["TRUE", "FALSE"],
        ["True", "False"],
        ["2024-01-01T10:30:00", "0001-01-01T00:00:00.000001"],
        ["2024-01-01 10:30:00.5", "9999-12-31 23:59:20"],
        ["2024-01-01T10:30:00.25Z"],
        ["1e-05", "1.5e+20"],
    ],
)
def test_each_way_of_writing_is_kept(cursor: Cursor, texts: Texts) -> None:
    grow(cursor, {"it": texts}, {"it": ["x"]})
    assert read(cursor) == texts


@pytest.mark.parametrize(
    ("texts", "later", "expected"),
    [
        (["1"], ["1.5"], "numeric"),
        (["1"], ["1e+5"], "double precision"),
        (["1.5"], ["1e+5"], "double precision"),
        (["2024-01-01"], ["2024-01-01 10:30"], "timestamp without time zone"),
    ],
)
def test_values_survive_other_widenings(cursor: Cursor, texts: Texts, later: Texts, expected: str) -> None:
    grow(cursor, {"it": texts}, {"it": later})
    cursor.execute("select pg_typeof(it)::text, it = %s from public.grows", (texts[0],))
    assert cursor.fetchall() == [(expected, True)]


def test_all_changes_are_one_statement_and_a_key_keeps_its_order_of_bytes(cursor: Cursor) -> None:
    before: dict[str, Texts] = {"a": ["1", "2"], "b": ["1", "2"], "c": ["x", "y"]}
    grow(cursor, before, {"a": ["x"], "b": [None, "1.5"], "new": ["1"]}, "a")
    cursor.execute(
        "select column_name, data_type, is_nullable, collation_name from information_schema.columns"
        " where table_name = 'grows' and column_name not like '\\_%' order by ordinal_position"
    )
    assert cursor.fetchall() == [
        ("a", "text", "NO", "C"),
        ("b", "numeric", "YES", None),
        ("c", "text", "YES", None),
        ("new", "bigint", "YES", None),
    ]
    assert read(cursor, "a") == ["1", "2"]
