"""The model validates exactly the rows that the rules do not decide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar
from unittest.mock import patch

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from shared.contracts import column_names
from shared.contracts.base import BigInt, Contract, Timestamp
from shared.contracts.sales import Sales
from shared.validation.validate import validate
from tests.unit.validation.oracle import Column, batch_of, require_as_row_by_row

_ROW = ["SO1", "1", "2019-07-01", "Christy Zhu", "c@x", "Mountain", "1", "3399.99", "271.9992"]


def sales(count: int, **changes: dict[int, str | None]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for name, text in zip(Sales.model_fields, _ROW, strict=True):
        changed = changes.get(name, {})
        columns[name] = [changed.get(position, text) for position in range(count)]
    return columns


@contextmanager
def counted(contract: type[Contract]) -> Iterator[list[Any]]:
    """The inputs of `model_validate`, as it gets them."""
    calls: list[Any] = []
    model_validate = contract.model_validate

    def recorded(values: Any, **options: Any) -> Contract:
        calls.append(values)
        return model_validate(values, **options)

    with patch.object(contract, "model_validate", recorded):
        yield calls


def test_a_batch_without_errors_is_not_validated_by_the_model() -> None:
    with counted(Sales) as calls:
        found = validate(batch_of(sales(3000)), Sales)
    assert (len(found.lines), len(found.rejects), calls) == (3000, 0, [])


def test_only_the_invalid_fields_of_a_row_are_validated_by_the_model() -> None:
    with counted(Sales) as calls:
        found = validate(batch_of(sales(3000, order_date={1700: "2019-02-30"}, quantity={1700: "x"})), Sales)
    assert calls == []
    assert [(reject.line, len(reject.errors)) for reject in found.rejects] == [(3402, 2)]


def test_an_invalid_text_is_validated_once_per_distinct_value() -> None:
    seen: list[str] = []

    def refuse(value: str) -> str:
        seen.append(value)
        raise ValueError("never")

    contract = create_model("Never", __base__=Contract, field=(Annotated[str, AfterValidator(refuse)], ...))
    found = validate(batch_of({"field": ["a"] * 500}), contract)
    assert len(found.rejects) == 500
    assert seen == ["a", "a"]  # once for the rule, once for the errors


def test_rows_that_the_model_accepts_are_in_the_order_of_their_lines() -> None:
    texts = sales(5, quantity={1: " 7 ", 3: "1_000"}, unit_price={0: "1E+2", 4: "x"})
    found = require_as_row_by_row(texts, Sales)
    assert found.lines.tolist() == [2, 4, 6, 8]
    assert found.rows["quantity"].tolist() == [1, 7, 1, 1000]


def test_a_batch_of_invalid_rows_is_all_rejects() -> None:
    found = require_as_row_by_row(sales(4, quantity=dict.fromkeys(range(4), "0")), Sales)
    assert (len(found.rows), len(found.rejects)) == (0, 4)
    assert str(found.rows["unit_price"].dtype) == "decimal128(18, 4)[pyarrow]"


def test_an_empty_batch_has_the_typed_columns() -> None:
    found = require_as_row_by_row(sales(0), Sales)
    assert str(found.rows["order_date"].dtype) == "timestamp[us][pyarrow]"


class Visits(Contract):
    """Columns that may be missing, by text or all."""

    dataset: ClassVar[str] = "visits"
    at: Timestamp
    pages: BigInt | None = None
    page: Annotated[str, Field(min_length=1)] = "/"
    seen: datetime = Field(default_factory=lambda: datetime(2019, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize("page", [[None, None], ["/a", None], ["/a", "/b"], ["", None]])
def test_a_missing_text_is_the_default(page: list[str | None]) -> None:
    require_as_row_by_row({"at": ["2019-01-01"] * 2, "page": page, "seen": ["2019-01-01"] * 2}, Visits)


def test_a_missing_column_gets_the_default_without_the_model() -> None:
    columns: dict[str, Column] = {"at": ["2019-01-01"] * 2, "seen": ["2019-01-01"] * 2}
    with counted(Visits) as calls:
        found = validate(batch_of(columns), Visits)
    assert found.rows["page"].tolist() == ["/", "/"]
    assert found.rows["pages"].isna().all()
    assert calls == []


def test_a_file_without_any_column_of_the_contract_has_rows_of_defaults() -> None:
    contract = create_model("Defaults", __base__=Contract, note=(str, "none"))
    found = validate(batch_of({}, rows=2), contract)
    assert (found.rows["note"].tolist(), found.lines.tolist()) == (["none", "none"], [2, 4])


def test_a_default_factory_is_called_for_each_row() -> None:
    with counted(Visits) as calls:
        validate(batch_of({"at": ["2019-01-01"] * 2}), Visits)
    assert len(calls) == 2


def test_a_required_column_without_any_text_makes_only_rejects() -> None:
    found = require_as_row_by_row({"at": [None] * 3}, Visits)
    assert [error.code for error in found.rejects[0].errors] == ["missing"]


def test_a_validator_of_one_field_is_called_once_for_each_distinct_text() -> None:
    seen: list[str] = []

    def shout(value: str) -> str:
        seen.append(value)
        return value.upper()

    contract = create_model("Shouted", __base__=Contract, field=(Annotated[str, AfterValidator(shout)], ...))
    with counted(contract) as calls:
        found = validate(batch_of({"field": ["a", "b", "a"]}), contract)
    assert (found.rows["field"].tolist(), seen, calls) == (["A", "B", "A"], ["a", "b"], [])


class Spans(Contract):
    """A field that is checked against another one."""

    dataset: ClassVar[str] = "spans"
    first: BigInt
    last: BigInt

    @field_validator("last")
    @classmethod
    def _after_first(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("first", value):
            raise ValueError("before the first")
        return value


class Sums(Contract):
    """A row that is checked as a whole."""

    dataset: ClassVar[str] = "sums"
    first: BigInt
    last: BigInt

    @model_validator(mode="after")
    def _different(self) -> Sums:
        if self.first == self.last:
            raise ValueError("the same")
        return self


@pytest.mark.parametrize("contract", [Spans, Sums])
def test_validators_that_see_other_fields_get_whole_rows(contract: type[Contract]) -> None:
    found = require_as_row_by_row({"first": ["1", "2", "3"], "last": ["2", "1", "3"]}, contract)
    assert len(found.rejects) == 1


class Named(Contract):
    """Fields whose columns are called otherwise."""

    dataset: ClassVar[str] = "named"
    order: BigInt = Field(validation_alias="Order No.")
    note: str = Field(validation_alias=AliasChoices("Remarks", "Comment"), default="")


def test_an_error_of_a_field_with_an_alias_has_the_name_of_the_field() -> None:
    found = require_as_row_by_row({"order": ["1", "x", " 2 "], "note": ["a", "b", None]}, Named)
    assert found.rejects[0].errors[0].value == "x"


def test_a_file_may_have_a_field_by_its_name_or_an_alias() -> None:
    assert {spelling: field for field, spelling in column_names.name_variants(Named)} == {
        "order": "order",
        "Order No.": "order",
        "note": "note",
        "Remarks": "note",
        "Comment": "note",
    }
