"""Contracts: values that `sales` accepts, and its table."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field, ValidationError
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from shared.contracts import dataset_table, registry
from shared.contracts.base import BigInt, Contract, Timestamp
from shared.contracts.sales import Sales
from shared.errors import UnknownDataset

GOOD: dict[str, str] = {
    "sales_order_number": "SO43701",
    "sales_order_line_number": "1",
    "order_date": "2019-07-01",
    "customer_name": "Christy Zhu",
    "email_address": "christy12@adventure-works.com",
    "item": "Mountain-100 Silver, 44",
    "quantity": "1",
    "unit_price": "3399.99",
    "tax_amount": "271.9992",
}


def test_a_good_row_is_accepted_with_exact_money() -> None:
    accepted = Sales.model_validate(GOOD)
    assert (accepted.unit_price, accepted.tax_amount) == (Decimal("3399.99"), Decimal("271.9992"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sales_order_number", ""),
        ("sales_order_line_number", "0"),
        ("sales_order_line_number", "1.5"),
        ("sales_order_line_number", "9223372036854775808"),
        ("order_date", "2019-02-30"),
        ("order_date", "01/07/2019"),
        ("order_date", "20190701"),
        ("order_date", "1561939200"),
        ("order_date", "2019-07-01T00:00:00Z"),
        ("order_date", "2019-07-01T00:00:00+02:00"),
        ("email_address", "nobody"),
        ("quantity", "-1"),
        ("quantity", "1e3"),
        ("unit_price", "NaN"),
        ("unit_price", "inf"),
        ("unit_price", "-0.01"),
        ("unit_price", "1.00001"),
        ("unit_price", "123456789012345678"),
        ("tax_amount", "1,5"),
    ],
)
def test_a_value_out_of_bounds_is_refused_at_its_field(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sales.model_validate({**GOOD, field: value})
    assert [error["loc"] for error in caught.value.errors()] == [(field,)]


@pytest.mark.parametrize("value", ["2019-07-01 10:30", "2019-07-01T10:30:15", "2019-07-01T10:30:15.123456"])
def test_an_iso_date_and_time_is_accepted(value: str) -> None:
    assert Sales.model_validate({**GOOD, "order_date": value}).order_date.tzinfo is None


def test_the_error_for_an_unknown_dataset_lists_the_known_ones() -> None:
    with pytest.raises(UnknownDataset, match="'nowhere'; known: sales"):
        registry.find("nowhere")


def test_the_table_has_the_contracts_columns_lineage_columns_and_key() -> None:
    ddl = str(CreateTable(dataset_table.sqlalchemy_table(Sales)).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert [line.split()[0] for line in ddl.splitlines() if line.startswith("\t")] == [
        *Sales.model_fields,
        "_load",
        "_line",
        "CONSTRAINT",
    ]
    assert 'sales_order_number TEXT COLLATE "C" NOT NULL' in ddl
    assert "unit_price NUMERIC NOT NULL" in ddl


def test_optional_fields_become_nullable_columns() -> None:
    class Visits(Contract):
        dataset: ClassVar[str] = "visits"
        at: Timestamp
        pages: BigInt | None = None
        cost: Annotated[Decimal | None, Field(max_digits=10, decimal_places=2)] = None

    at, pages, cost = dataset_table.contract_fields(Visits)
    assert (at.nullable, pages.nullable, cost.nullable) == (False, True, True)
    assert (at.required, pages.required) == (True, False)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [(int, "64 bits"), (Decimal, "max_digits"), (list[str], "no column type"), (str | int, "no column type")],
)
def test_the_error_names_a_field_without_a_column_type(annotation: Any, message: str) -> None:
    broken = type(
        "Broken",
        (Contract,),
        {"__annotations__": {"amount": annotation}, "dataset": "broken", "__module__": __name__},
    )
    with pytest.raises(TypeError, match=rf"Broken.amount: .*{message}"):
        dataset_table.contract_fields(broken)
