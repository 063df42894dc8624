"""Schema evolution: wider types, new columns and nullable columns."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.datasets.alter_table import column_changes
from shared.inference import table_columns
from shared.inference.table_columns import TableColumn
from shared.inference.widening import widen
from tests.unit.inference.inferred_columns import Texts, columns, infer

File = dict[str, Texts]
files = st.dictionaries(st.sampled_from("abcd"), columns(), max_size=4)


def new_table(file: File, *key: str) -> tuple[TableColumn, ...]:
    return table_columns.new_table_columns(list(infer(file).values()), key) if file else ()


def evolved(before: tuple[TableColumn, ...], file: File, *key: str) -> tuple[TableColumn, ...]:
    return table_columns.evolve_columns(before, list(infer(file).values()) if file else [], key)


def changes(before: File, after: File, *key: str) -> list[dict[str, str]]:
    old = new_table(before, *key)
    return [change.as_json() for change in column_changes(old, evolved(old, after, *key))]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files, files)
def test_evolution_never_narrows_or_drops_a_column(first: File, second: File) -> None:
    before = new_table(first)
    after = evolved(before, second)
    assert [column.name for column in after[: len(before)]] == [column.name for column in before]
    for old, new in zip(before, after, strict=False):
        assert widen(old.type, new.type) == new.type
        assert new.nullable >= old.nullable


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files, files)
def test_the_same_file_again_does_not_change_the_table(first: File, second: File) -> None:
    after = evolved(new_table(first), second)
    assert evolved(after, second) == after
    assert column_changes(after, after) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files)
def test_a_column_is_equal_after_a_round_trip_through_json(file: File) -> None:
    for column in new_table(file):
        assert table_columns.column_from_json(json.loads(json.dumps(column.as_json()))) == column


def test_values_that_do_not_fit_widen_the_column() -> None:
    assert changes({"a": ["1"], "b": ["2024-01-01"]}, {"a": ["1.5"], "b": ["x"]}) == [
        {"column": "a", "change": "widened", "type": "numeric(2, 1)", "from": "bigint"},
        {"column": "b", "change": "widened", "type": "text", "from": "date"},
    ]


def test_new_columns_are_nullable_and_come_last() -> None:
    before = new_table({"b": ["1"]})
    after = evolved(before, {"a": ["x"], "b": ["2"]})
    assert [(column.name, column.nullable) for column in after] == [("b", False), ("a", True)]
    assert changes({"b": ["1"]}, {"a": ["x"], "b": ["2"]}) == [
        {"column": "a", "change": "added", "type": "text"}
    ]


def test_a_file_without_a_column_makes_it_nullable() -> None:
    expected = [{"column": "a", "change": "made nullable", "type": "bigint"}]
    assert changes({"a": ["1"], "b": ["1"]}, {"b": ["2"]}) == expected
    assert changes({"a": ["1"], "b": ["1"]}, {"a": [None], "b": ["2"]}) == expected
    assert changes({"a": ["1"], "b": ["1"]}, {"a": ["N/A"], "b": ["2"]}) == expected


@pytest.mark.parametrize("texts", [["2"], ["NULL", "3"], [None], []])
def test_a_key_is_never_made_nullable(texts: Texts) -> None:
    assert changes({"a": ["1"]}, {"a": texts}, "a") == []
    assert changes({"a": ["1"]}, {}, "a") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["1.5"], ["7"]),
        (["1.5"], ["1.50", "1.5"]),
        (["1.5"], ["123456.789"]),
        (["true"], ["TRUE", "False"]),
        (["x"], ["7"]),
        (["007"], ["N/A", "7"]),
        (["2024-01-01 10:30"], ["2024-01-01"]),
        ([None, "1"], ["-", None]),
    ],
)
def test_values_that_fit_do_not_change_the_column(first: Texts, second: Texts) -> None:
    assert changes({"a": first}, {"a": second}) == []


def test_a_column_has_digits_and_null_spellings_of_all_files() -> None:
    (column,) = evolved(new_table({"a": ["10.5", "-"]}), {"a": ["1.125", "N/A"]})
    assert (str(column.type), column.nulls) == ("numeric(5, 3)", ("-", "N/A"))


def test_a_column_widened_to_text_has_no_null_spellings() -> None:
    (column,) = evolved(new_table({"a": ["10.5", "-"]}), {"a": ["x", "N/A"]})
    assert (str(column.type), column.nulls) == ("text", ())
