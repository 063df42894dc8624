"""ALTER TABLE in PostgreSQL: columns are widened, and values widened to text are the texts of the files."""

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
from shared.database.transactions import column_list
from shared.datasets.alter_table import alter_statement, column_changes
from shared.inference import table_columns
from shared.inference.contract_builder import build_contract
from shared.loading.file_loader import with_lineage
from shared.validation.normalize import replace_null_spellings
from shared.validation.validate import validate
from tests.unit.inference.inferred_columns import CELLS, Texts, infer
from tests.unit.validation.oracle import batch_of

Cursor = psycopg2.extensions.cursor
_DIALECT = create_mock_engine("postgresql://", lambda *_: None).dialect
_NAME = sql.Identifier("public", "zoo")

EXACT = [
    "whole", "long", "money", "fine", "many digits", "number forms", "booleans", "dates", "codes", "text"
]  # fmt: skip
"""Kinds of cells whose texts are restored exactly; for times and floating point numbers, the value is."""


@pytest.fixture
def cursor(empty_database_url: str) -> Iterator[Cursor]:
    connection = psycopg2.connect(empty_database_url)
    with connection.cursor() as cursor:
        # The result must not depend on the session's date style and time zone.
        cursor.execute("set datestyle to 'German'; set timezone to 'Asia/Kathmandu'")
        yield cursor
    connection.close()


def load(
    cursor: Cursor, columns: tuple[table_columns.TableColumn, ...], texts: dict[str, Texts], *key: str
) -> None:
    """Create the table `zoo` and load one file."""
    contract = build_contract("zoo", columns, key)
    table = dataset_table.sqlalchemy_table(contract)
    cursor.execute("drop table if exists public.zoo")
    cursor.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
    validated = validate(replace_null_spellings(batch_of(texts), contract), contract)
    assert not validated.rejects
    rows = with_lineage(validated, 1)
    names = column_list(rows.schema.names)
    cursor.copy_expert(
        sql.SQL("copy {} ({}) from stdin (format binary)").format(_NAME, names), BinaryRows(rows)
    )


def load_and_evolve(cursor: Cursor, texts: dict[str, Texts], later: dict[str, Texts], *key: str) -> None:
    """Load `texts` into a new table, then change the table for `later`."""
    before = table_columns.new_table_columns(list(infer(texts).values()), key)
    load(cursor, before, texts, *key)
    changes = column_changes(before, table_columns.evolve_columns(before, list(infer(later).values()), key))
    cursor.execute(alter_statement(_NAME, changes, key))


def read(cursor: Cursor, column: str = "it") -> list[str | None]:
    cursor.execute(sql.SQL("select {}::text from {} order by _line").format(sql.Identifier(column), _NAME))
    return [text for (text,) in cursor.fetchall()]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(EXACT).flatmap(lambda kind: st.lists(CELLS[kind] | st.none(), min_size=1, max_size=6)),
)
def test_values_widened_to_text_are_the_texts_of_the_file(cursor: Cursor, texts: Texts) -> None:
    before = table_columns.new_table_columns(list(infer({"it": texts}).values()))
    load(cursor, before, {"it": texts})
    changes = column_changes(
        before, table_columns.evolve_columns(before, list(infer({"it": ["x", None]}).values()))
    )
    if changes:
        cursor.execute(alter_statement(_NAME, changes))
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
def test_each_form_of_values_is_restored(cursor: Cursor, texts: Texts) -> None:
    load_and_evolve(cursor, {"it": texts}, {"it": ["x"]})
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
def test_other_widenings_preserve_values(cursor: Cursor, texts: Texts, later: Texts, expected: str) -> None:
    load_and_evolve(cursor, {"it": texts}, {"it": later})
    cursor.execute("select pg_typeof(it)::text, it = %s from public.zoo", (texts[0],))
    assert cursor.fetchall() == [(expected, True)]


def test_one_statement_makes_all_changes_and_a_text_key_is_sorted_by_bytes(cursor: Cursor) -> None:
    before: dict[str, Texts] = {"a": ["1", "2"], "b": ["1", "2"], "c": ["x", "y"]}
    load_and_evolve(cursor, before, {"a": ["x"], "b": [None, "1.5"], "new": ["1"]}, "a")
    cursor.execute(
        "select column_name, data_type, is_nullable, collation_name from information_schema.columns"
        " where table_name = 'zoo' and column_name not like '\\_%' order by ordinal_position"
    )
    assert cursor.fetchall() == [
        ("a", "text", "NO", "C"),
        ("b", "numeric", "YES", None),
        ("c", "text", "YES", None),
        ("new", "bigint", "YES", None),
    ]
    assert read(cursor, "a") == ["1", "2"]
