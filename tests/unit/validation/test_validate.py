"""Validation: the contract decides about every row, and rejects have all errors."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.sales import Sales
from shared.parsing.column_mapping import ContractColumns
from shared.parsing.reader import CsvReader
from shared.validation.validate import Validated, validate
from tests.fixtures.samples import HEADER, csv, row

SPECIAL_TEXTS = [
    "",
    " ",
    "0",
    "1",
    " 1 ",
    "+1",
    "-1",
    "1_000",
    "1.0",
    "1e3",
    "\uff11",
    "NaN",
    "inf",
    "2019-02-30",
    "9" * 30,
]


def validated(content: bytes) -> Validated:
    (batch,) = CsvReader([content], ContractColumns(Sales))
    return validate(batch, Sales)


def test_accepted_rows_are_typed_columns_in_the_contracts_order() -> None:
    found = validated(csv(row(1), row(2)))
    table = pa.Table.from_pandas(found.rows, preserve_index=False)
    assert table.column_names == list(Sales.model_fields)
    assert table.schema.field("unit_price").type == pa.decimal128(18, 4)
    assert table.column("unit_price").to_pylist() == [Decimal("3399.9900")] * 2
    assert list(found.lines) == [2, 3]


def test_a_reject_has_every_error_with_its_column_and_value() -> None:
    found = validated(f"{HEADER}\nSO1,1,2019-02-30,,x@y,x,0,1,1\n".encode())
    (reject,) = found.rejects
    assert {(error.column, error.value) for error in reject.errors} == {
        ("order_date", "2019-02-30"),
        ("customer_name", ""),
        ("quantity", "0"),
    }
    assert (reject.line, reject.raw) == (2, "SO1,1,2019-02-30,,x@y,x,0,1,1")


def test_ragged_and_invalid_rows_are_in_the_order_of_their_lines() -> None:
    found = validated(csv(row(1), "x", row(2, quantity="0"), row(3), "a,b"))
    assert [reject.line for reject in found.rejects] == [3, 4, 6]
    assert list(found.lines) == [2, 5]


def test_an_empty_text_and_a_missing_one_differ() -> None:
    found = validated(f'{HEADER}\nSO1,1,2019-07-01,"",x@y,,1,1,1\n'.encode())
    assert {(error.column, error.code) for error in found.rejects[0].errors} == {
        ("customer_name", "string_too_short"),
        ("item", "missing"),
    }


@given(st.sampled_from(list(Sales.model_fields)), st.sampled_from(SPECIAL_TEXTS) | st.text(max_size=6))
def test_a_row_is_accepted_exactly_when_the_model_accepts_it(field: str, value: str) -> None:
    cells = dict(zip(Sales.model_fields, _cells(), strict=True))
    cells[field] = value
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values())
    try:
        expected: Sales | None = Sales.model_validate(cells)
    except ValidationError:
        expected = None

    found = validated(f"{HEADER}\n{quoted}\n".encode())

    if expected is None or "\0" in value:
        assert len(found.rejects) == 1
        assert list(found.lines) == []
    else:
        (accepted,) = pa.Table.from_pandas(found.rows, preserve_index=False).to_pylist()
        assert accepted == expected.model_dump()


def _cells() -> list[str]:
    return ["SO1", "1", "2019-07-01", "Christy Zhu", "c@x", "Mountain", "1", "3399.99", "271.9992"]


@pytest.mark.parametrize("value", SPECIAL_TEXTS)
def test_special_numbers_are_validated_as_by_the_model(value: str) -> None:
    try:
        Sales.model_validate(
            dict(zip(Sales.model_fields, [*_cells()[:6], value, *_cells()[7:]], strict=True))
        )
        accepted = True
    except ValidationError:
        accepted = False
    quoted = ",".join(f'"{cell}"' for cell in [*_cells()[:6], value, *_cells()[7:]])
    assert (validated(f"{HEADER}\n{quoted}\n".encode()).lines.tolist() == [2]) is accepted


def test_a_reject_of_several_lines_has_a_hint() -> None:
    plain = row(2).replace('"Mountain-100 Silver, 44"', "Bell")
    rows = [
        plain.replace("Christy Zhu", '"Christy'),
        *[plain] * 6,
        plain.replace("Christy Zhu", 'Zhu"'),
        plain,
    ]
    found = validated(csv(*rows))
    (reject,) = found.rejects
    assert (reject.line, found.lines.tolist()) == (2, [10])
    assert "continues to line 9" in reject.errors[-1].message


@pytest.mark.parametrize(
    "price",
    ["1." + "0" * 40, "0e400", "0e1000000", "1" + "0" * 43 + "e-40", "0e36", "100." + "0" * 38, "1e3"],
)
def test_an_unusual_price_is_read_as_by_the_model(price: str) -> None:
    expected = Sales.model_validate(dict(zip(Sales.model_fields, [*_cells()[:7], price, "1"], strict=True)))
    found = validated(csv(row(1), row(2, price=price), row(3)))
    values = pa.Table.from_pandas(found.rows, preserve_index=False).column("unit_price").to_pylist()
    assert values[1] == expected.unit_price
    assert found.lines.tolist() == [2, 3, 4]
