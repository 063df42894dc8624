"""Column mapping: columns in any order and spelling; a header that does not match is refused."""

from __future__ import annotations

import unicodedata
from typing import ClassVar

import pytest
from pydantic import AliasChoices, AliasPath, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from shared.contracts import dataset_table
from shared.contracts.base import BigInt, Contract
from shared.contracts.sales import Sales
from shared.errors import FileRefused
from shared.parsing import column_mapping
from shared.parsing.column_mapping import ContractColumns
from shared.parsing.reader import CsvReader
from tests.fixtures.samples import HEADER, csv, row

COLUMNS = HEADER.split(",")


def matched(*names: str | None) -> column_mapping.ColumnMapping:
    return column_mapping.match_contract([name or "" for name in names], Sales, 1)


@pytest.mark.parametrize(
    "spelling",
    [
        COLUMNS,
        list(Sales.model_fields),
        [name.replace("_", " ").title() for name in Sales.model_fields],
        [name.upper() for name in COLUMNS],
        [name.replace("_", "-") for name in Sales.model_fields],
    ],
)
def test_a_name_may_be_spelt_in_several_ways(spelling: list[str]) -> None:
    assert matched(*spelling).fields == tuple(Sales.model_fields)


def test_columns_may_come_in_any_order() -> None:
    assert matched(*reversed(COLUMNS)).fields == tuple(reversed(Sales.model_fields))


def test_unknown_and_nameless_columns_are_ignored_and_named() -> None:
    found = matched(*COLUMNS, "Colour", None)
    assert found.fields[-2:] == (None, None)
    assert found.ignored == ("Colour", "")


def test_missing_columns_are_named_with_those_of_the_header() -> None:
    with pytest.raises(FileRefused, match="has no quantity") as caught:
        matched(*(name for name in COLUMNS if name != "Quantity"))
    assert caught.value.facts["missing"] == ["quantity"]
    assert "UnitPrice" in caught.value.facts["found"]


def test_a_repeated_column_is_refused_even_if_spelt_in_two_ways() -> None:
    with pytest.raises(FileRefused, match="more than one quantity"):
        matched(*COLUMNS, "QUANTITY")


def test_an_empty_file_and_an_unreadable_header_are_refused() -> None:
    with pytest.raises(FileRefused, match="empty"):
        CsvReader([b"\n"], ContractColumns(Sales))
    with pytest.raises(FileRefused, match="NUL"):
        CsvReader([csv(row(1)).replace(b"Item", b"It\0em")], ContractColumns(Sales))


class Aliased(Contract):
    """Fields with every kind of alias that pydantic has."""

    dataset: ClassVar[str] = "aliased"

    order: BigInt = Field(alias="Auftrags-Nr.")
    quantity: BigInt = Field(validation_alias=AliasChoices("Menge", "Qty", AliasPath("parts", 0)))
    size: str = Field(validation_alias="Größe", default="M")
    share: str = Field(alias="%", default="")


@pytest.mark.parametrize(
    "spelling",
    [
        ["order", "quantity", "size", "share"],
        ["Auftrags-Nr.", "Menge", "Größe", "%"],
        ["auftragsnr", "QTY", "GRÖSSE", " % "],
        ["AUFTRAGS_NR", "qty", unicodedata.normalize("NFD", "größe"), "Share"],
    ],
)
def test_a_field_is_matched_by_its_name_and_by_each_alias(spelling: list[str]) -> None:
    assert column_mapping.match_contract(spelling, Aliased, 1).fields == tuple(Aliased.model_fields)


def test_a_name_without_letters_matches_only_itself() -> None:
    found = column_mapping.match_contract(["order", "menge", "#", "", "-"], Aliased, 1)
    assert found.fields == ("order", "quantity", None, None, None)


def test_two_columns_for_one_field_are_refused_even_by_different_aliases() -> None:
    with pytest.raises(FileRefused, match="more than one quantity") as caught:
        column_mapping.match_contract(["order", "Menge", "Qty"], Aliased, 1)
    assert caught.value.code == "header_mismatch"
    assert caught.value.facts["repeated"] == ["quantity"]


def test_a_path_into_a_nested_value_is_not_a_column() -> None:
    with pytest.raises(FileRefused, match="has no quantity"):
        column_mapping.match_contract(["order", "parts"], Aliased, 1)


def test_generated_aliases_are_matched() -> None:
    class Generated(Contract):
        model_config = ConfigDict(alias_generator=lambda name: f"shop {name}")
        dataset: ClassVar[str] = "generated"
        item: str

    assert column_mapping.match_contract(["Shop-Item"], Generated, 1).fields == ("item",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Field(), Field(alias="First")),
        (Field(alias="second"), Field()),
        (Field(alias="Order No."), Field(validation_alias="order_no")),
        (Field(alias="Order No."), Field(alias="Order No.")),
        (Field(validation_alias=AliasChoices("a", "x")), Field(validation_alias=AliasChoices("X", "b"))),
        (Field(alias="%"), Field(alias=" % ")),
    ],
)
def test_two_fields_that_one_column_could_be_are_named(first: FieldInfo, second: FieldInfo) -> None:
    ambiguous = create_model("Ambiguous", __base__=Contract, first=(str, first), second=(str, second))

    for read_names in (
        dataset_table.sqlalchemy_table,
        lambda contract: column_mapping.match_contract(["x"], contract, 1),
    ):
        with pytest.raises(TypeError, match=r"Ambiguous.second: a column .* could also be Ambiguous.first"):
            read_names(ambiguous)
