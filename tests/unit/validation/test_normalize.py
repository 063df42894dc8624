"""Normalization before validation: number formats, null spellings, and rejects for wrong numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import pyarrow as pa
import pytest
from pydantic import Field

from shared.contracts.base import BigInt, Contract
from shared.formats.format import Format
from shared.parsing.column_mapping import ContractColumns
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.rejects import Reject
from shared.validation import arrow_types, normalize, validate


class Prices(Contract):
    """Numbers of all kinds, and texts that look like some."""

    dataset: ClassVar[str] = "prices"
    null_spellings: ClassVar[Mapping[str, tuple[str, ...]]] = {"amount": ("N/A", "-")}

    name: Annotated[str, Field(max_length=5)]
    count: BigInt | None = None
    amount: Annotated[Decimal, Field(max_digits=12, decimal_places=2)] | None = None
    ratio: float = 0.5


GERMAN = Format(decimal=",", thousands=".")


def batch(*rows: str) -> Batch:
    text = "\n".join(["name;count;amount;ratio".replace(";", ","), *rows, ""])
    (one,) = CsvReader([text.encode()], ContractColumns(Prices))
    return one


def loaded(found: Format, *rows: str) -> tuple[list[dict[str, Any]], list[Reject]]:
    validated = validate.validate(normalize.normalize(batch(*rows), Prices, found), Prices)
    return pa.table(arrow_types.frame_columns(validated.rows)).to_pylist(), validated.rejects


def test_numbers_are_read_in_the_number_format_and_texts_do_not_change() -> None:
    rows, rejects = loaded(GERMAN, '"1,5","1.000","1.234.567,89","0,25"', '"2.000",-7,N/A,')

    assert rejects == []
    assert [row["name"] for row in rows] == ["1,5", "2.000"]
    assert (rows[0]["count"], rows[0]["amount"], rows[0]["ratio"]) == (1000, Decimal("1234567.89"), 0.25)
    assert (rows[1]["count"], rows[1]["amount"], rows[1]["ratio"]) == (-7, None, 0.5)


def test_a_number_in_another_format_is_a_reject_with_all_errors_and_its_raw_text() -> None:
    rows, (first, second, third) = loaded(
        GERMAN, 'a,1,"1,5",1', 'toolong,1.5,"1,234.5",0.1', "b,,x,", 'c,"1,5",,'
    )

    assert [row["name"] for row in rows] == ["a"]
    assert (first.line, first.raw) == (3, 'toolong,1.5,"1,234.5",0.1')
    assert [(error.column, error.code, error.value) for error in first.errors] == [
        ("count", "number_format", "1.5"),
        ("amount", "number_format", "1,234.5"),
        ("ratio", "number_format", "0.1"),
        ("name", "string_too_long", "toolong"),
    ]
    assert first.errors[0].message.endswith("such as 1.234.567,89")
    assert (second.line, second.errors[0].value) == (4, "x")
    assert [error.code for error in third.errors] == ["int_parsing"]  # a number in the format, but not whole


def test_earlier_rejects_are_preserved_and_all_are_in_the_order_of_the_file() -> None:
    rows, rejects = loaded(GERMAN, "a,x,,", "too,few", "b,1,,", "c,y,,")

    assert [reject.line for reject in rejects] == [2, 3, 5]
    assert [row["count"] for row in rows] == [1]


def test_the_reject_of_a_row_of_several_lines_says_where_it_ends() -> None:
    _, (reject,) = loaded(GERMAN, '"a\nb",x,,')
    assert [error.code for error in reject.errors] == ["number_format", "several_lines"]


def test_without_a_number_format_the_batch_is_unchanged() -> None:
    one = batch("a,1,2,3")
    assert normalize.normalize(one, Prices, Format(delimiter=";", encoding="cp1252")) is one


@pytest.mark.parametrize("number_format", [Format(decimal=","), Format(decimal=",", thousands=" ")])
def test_a_point_is_not_a_thousands_separator_without_the_option(number_format: Format) -> None:
    rows, rejects = loaded(number_format, "a,1.234,,")
    assert rows == []
    assert [error.code for error in rejects[0].errors] == ["number_format"]
