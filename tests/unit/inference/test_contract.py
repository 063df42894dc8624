"""The contract of inferred columns accepts every row they were inferred from, on the fast path and off it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts import dataset, spellings
from shared.inference import fields, table
from shared.inference.contract import contract_of
from shared.inference.kinds import TEXT
from shared.inference.table import TableColumn
from shared.validation.compiled import compiled
from shared.validation.nulls import without_spellings
from shared.validation.validating import validate
from tests.unit.inference.found import Texts, columns, infer
from tests.unit.validation.oracle import batch_of, require_as_row_by_row

tables = st.integers(1, 8).flatmap(
    lambda rows: st.lists(columns(rows), min_size=1, max_size=4).map(
        lambda found: {f"c{number}": texts for number, texts in enumerate(found)}
    )
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables)
def test_every_row_seen_is_accepted_by_rules_and_model_alike(texts: dict[str, Texts]) -> None:
    contract = contract_of("seen", table.made(list(infer(texts).values())))
    batch = without_spellings(batch_of(texts), contract)
    given_ = {name: batch.text[name].astype(object).where(batch.text[name].notna(), None) for name in texts}
    validated = require_as_row_by_row({name: column.tolist() for name, column in given_.items()}, contract)
    assert validated.rejects == []
    assert len(validated.rows) == len(batch.lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables, tables)
def test_a_table_that_has_grown_takes_both_files(first: dict[str, Texts], second: dict[str, Texts]) -> None:
    before = table.made(list(infer(first).values()))
    contract = contract_of("both", table.grown(before, list(infer(second).values())))
    for texts in (first, second):
        assert validate(without_spellings(batch_of(texts), contract), contract).rejects == []


def test_every_kind_has_a_rule_and_a_column() -> None:
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
    contract = contract_of("kinds", table.made(list(infer(texts).values())))
    rules = compiled(contract).columns
    assert rules is not None
    assert all(column.rule for column in rules.values())
    made = dataset.table(contract)
    assert {column.name: str(column.type) for column in made.columns if column.name in texts} == {
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
    contract = contract_of("some", table.made(list(infer({"a": ["1", None], "b": ["1", "2"]}).values())))
    assert [(field.name, field.nullable) for field in dataset.fields(contract)] == [("a", True), ("b", False)]


def test_null_spellings_are_missing_but_empty_texts_stay() -> None:
    texts: dict[str, Texts] = {"a": ["1", "N/A", "", None], "b": ["", "N/A", None, "x"]}
    contract = contract_of("some", table.made(list(infer(texts).values())))
    batch = without_spellings(batch_of(texts), contract)
    assert validate(batch, contract).rows["a"].isna().tolist() == [False, True, True, True]
    assert batch.text["b"].tolist()[:2] == ["", "N/A"]
    assert batch.raw(1) == "row 1"


def test_a_batch_without_null_spellings_is_not_copied() -> None:
    contract = contract_of("some", table.made(list(infer({"a": ["1", "N/A"]}).values())))
    batch = batch_of({"a": ["1", "2"]})
    assert without_spellings(batch, contract) is batch


def test_the_same_columns_give_the_same_class_however_large_their_numbers() -> None:
    one, other = (table.made(list(infer({"a": texts}).values())) for texts in (["1.5"], ["12.5", "1"]))
    assert contract_of("same", one) is contract_of("same", other)
    assert contract_of("same", one) is not contract_of("another", one)


def test_a_key_is_of_the_contract_and_must_be_there_in_every_row() -> None:
    made = table.made(list(infer({"a": ["1", None], "b": ["2", "3"]}).values()))
    assert contract_of("keyed", made, ["b"]).key == ("b",)
    for key in ("a", "c"):
        with pytest.raises(ValueError, match=f"no key: {key}"):
            contract_of("keyed", made, [key])


def test_headers_of_another_name_are_aliases_but_for_those_of_another_column() -> None:
    columns_ = [
        TableColumn("groesse", TEXT, True, headers=("Gr\u00f6\u00dfe", "Groesse")),
        TableColumn("a", TEXT, True, headers=("",)),
        TableColumn("a_2", TEXT, True, headers=("A", "A 2")),
    ]
    contract = contract_of("named", columns_)
    assert spellings.fields(contract) == {
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
    assert not fields.can_be_named(name)
    with pytest.raises(ValueError, match="no field can be named"):
        contract_of("named", [TableColumn(name, TEXT, True)])


@pytest.mark.parametrize("name", ["date", "model_year", "id", "type", "order", "select", "user", "x_1"])
def test_other_names_are_fields(name: str) -> None:
    assert fields.can_be_named(name)
    assert list(contract_of("named", [TableColumn(name, TEXT, True)]).model_fields) == [name]
