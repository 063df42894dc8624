"""The header: columns in any order and spelling; what does not fit is refused with what was found."""

from __future__ import annotations

import pytest

from shared.contracts.sales import Sales
from shared.errors import FileRefused
from shared.reading import header
from shared.reading.records import Record
from tests.fixtures.samples import HEADER

COLUMNS = HEADER.split(",")


def matched(*names: str | None) -> header.Header:
    return header.match(Record(1, "raw", list(names)), Sales)


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


def test_missing_columns_are_named_beside_those_found() -> None:
    with pytest.raises(FileRefused, match="lacks quantity") as caught:
        matched(*(name for name in COLUMNS if name != "Quantity"))
    assert caught.value.facts["missing"] == ["quantity"]
    assert "UnitPrice" in caught.value.facts["found"]


def test_a_repeated_column_is_refused_even_if_spelt_in_two_ways() -> None:
    with pytest.raises(FileRefused, match="more than one quantity"):
        matched(*COLUMNS, "QUANTITY")


def test_an_empty_file_and_a_broken_header_are_refused() -> None:
    with pytest.raises(FileRefused, match="empty"):
        header.match(None, Sales)
    with pytest.raises(FileRefused, match="NUL"):
        header.match(Record(1, "\0", fault="the line holds a NUL character (0x00)"), Sales)
