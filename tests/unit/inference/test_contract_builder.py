"""The contract of inferred columns accepts every row that they were inferred from, by rules and by model."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.contracts import column_names, dataset_table
from shared.inference import table_columns
from shared.inference.contract_builder import build_contract
from shared.inference.table_columns import TableColumn
from shared.inference.widening import TEXT_TYPE
from shared.validation.contract_compiler import compile_contract
from shared.validation.normalize import replace_null_spellings
from shared.validation.validate import validate
from tests.unit.inference.inferred_columns import Texts, columns, infer
from tests.unit.validation.oracle import batch_of, require_as_row_by_row

tables = st.integers(1, 8).flatmap(
    lambda rows: st.lists(columns(rows), min_size=1, max_size=4).map(
        lambda found: {f"c{number}": texts for number, texts in enumerate(found)}
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables)
def test_rules_and_model_accept_every_row_that_types_were_inferred_from(texts: dict[str, Texts]) -> None:
    contract = build_contract("seen", table_columns.new_table_columns(list(infer(texts).values())))
    batch = replace_null_spellings(batch_of(texts), contract)
    given_ = {name: batch.text[name].astype(object).where(batch.text[name].notna(), None) for name in texts}
    validated = require_as_row_by_row({name: column.tolist() for name, column in given_.items()}, contract)
    assert validated.rejects == []
    assert len(validated.rows) == len(batch.lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables, tables)
@example({"c0": ["0"]}, {"c0": ["9" * 30, "1.123456789"]})
@example({"c0": ["1.123456789"]}, {"c0": ["9" * 30]})
def test_an_evolved_table_accepts_the_rows_of_both_files(
    first: dict[str, Texts], second: dict[str, Texts]
) -> None:
    before = table_columns.new_table_columns(list(infer(first).values()))
    contract = build_contract("both", table_columns.evolve_columns(before, list(infer(second).values())))
    for texts in (first, second):
        assert validate(replace_null_spellings(batch_of(texts), contract), contract).rejects == []


def test_every_type_has_a_rule_and_a_column() -> None:
    texts: dict[str, Texts] = {
        "a": ["1"],
        "b": ["1.5"],
        "c": ["1e+5"],
        "d": ["true"],
        "date": ["2024-01-01"],
        "f": ["2024-01-01 10:30"],
        "g": ["2024-01-01 10:30Z"],
        "h": ["x"],
    }
    contract = build_contract("kinds", table_columns.new_table_columns(list(infer(texts).values())))
    rules = compile_contract(contract).columns
    assert rules is not None
    assert all(column.rule for column in rules.values())
    table = dataset_table.sqlalchemy_table(contract)
    assert {column.name: str(column.type) for column in table.columns if column.name in texts} == {
        "a": "BIGINT",
        "b": "NUMERIC",
        "c": "DOUBLE",
        "d": "BOOLEAN",
        "date": "DATE",
        "f": "DATETIME",
        "g": "DATETIME",
        "h": "TEXT",
    }


def test_missing_values_need_a_nullable_column() -> None:
    contract = build_contract(
        "some", table_columns.new_table_columns(list(infer({"a": ["1", None], "b": ["1", "2"]}).values()))
    )
    assert [(field.name, field.nullable) for field in dataset_table.contract_fields(contract)] == [
        ("a", True),
        ("b", False),
    ]


def test_null_spellings_are_missing_values_but_empty_texts_are_kept() -> None:
    texts: dict[str, Texts] = {"a": ["1", "N/A", "", None], "b": ["", "N/A", None, "x"]}
    contract = build_contract("some", table_columns.new_table_columns(list(infer(texts).values())))
    batch = replace_null_spellings(batch_of(texts), contract)
    assert validate(batch, contract).rows["a"].isna().tolist() == [False, True, True, True]
    assert batch.text["b"].tolist()[:2] == ["", "N/A"]
    assert batch.raw(1) == "row 1"


def test_a_batch_without_null_spellings_is_not_copied() -> None:
    contract = build_contract(
        "some", table_columns.new_table_columns(list(infer({"a": ["1", "N/A"]}).values()))
    )
    batch = batch_of({"a": ["1", "2"]})
    assert replace_null_spellings(batch, contract) is batch


def test_the_same_columns_give_the_same_class_however_large_their_numbers() -> None:
    one, other = (
        table_columns.new_table_columns(list(infer({"a": texts}).values()))
        for texts in (["1.5"], ["12.5", "1"])
    )
    assert build_contract("same", one) is build_contract("same", other)
    assert build_contract("same", one) is not build_contract("another", one)


def test_a_nullable_column_cannot_be_in_the_key() -> None:
    columns_ = table_columns.new_table_columns(list(infer({"a": ["1", None], "b": ["2", "3"]}).values()))
    assert build_contract("keyed", columns_, ["b"]).key == ("b",)
    for key in ("a", "c"):
        with pytest.raises(ValueError, match=f"not valid as a key: {key}"):
            build_contract("keyed", columns_, [key])


def test_headers_become_aliases_unless_another_column_has_the_name() -> None:
    columns_ = [
        TableColumn("groesse", TEXT_TYPE, True, headers=("Gr\u00f6\u00dfe", "Groesse")),
        TableColumn("a", TEXT_TYPE, True, headers=("",)),
        TableColumn("a_2", TEXT_TYPE, True, headers=("A", "A 2")),
    ]
    contract = build_contract("named", columns_)
    assert column_names.fields_by_name(contract) == {
        "groesse": "groesse",
        "gr\u00f6sse": "groesse",
        "a": "a",
        "a2": "a_2",
    }


@pytest.mark.parametrize(
    "name",
    ["key", "dataset", "json", "copy", "class", "_load", "2x", "a b", "", "ctid", "model_dump_x", "str"],
)
def test_names_that_no_field_can_have_are_refused(name: str) -> None:
    assert not column_names.is_valid_column_name(name)
    with pytest.raises(ValueError, match="not valid as a field name"):
        build_contract("named", [TableColumn(name, TEXT_TYPE, True)])


@pytest.mark.parametrize("name", ["date", "model_year", "id", "type", "order", "select", "user", "x_1"])
def test_other_names_are_fields(name: str) -> None:
    assert column_names.is_valid_column_name(name)
    assert list(build_contract("named", [TableColumn(name, TEXT_TYPE, True)]).model_fields) == [name]
