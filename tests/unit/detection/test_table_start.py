"""The start of a table: headers of another width than the rows, and preambles as wide as the table."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.detection.detect import detect_format
from shared.formats.format import Format
from shared.formats.overrides import Overrides


def table(header: str, row: Callable[[int], str], rows: int = 40) -> str:
    return header + "\n" + "".join(row(number) + "\n" for number in range(rows))


def detect(text: str, **options: object) -> Format:
    return detect_format(text.encode(), is_whole=True, overrides=Overrides(**options))  # type: ignore[arg-type]


def day(number: int) -> str:
    return f"2023-01-{number % 28 + 1:02d},Coffee {number},{number}.50"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("payload", '{{"a": {0}, "b": 2}}'),
        ("name", "Smith{0},John"),
        ("name", "Smith{0}, John"),
        ("text", "I went, and {0} came; then | left"),
        ("Betrag", "{0},07"),
        ("amount", "1,{0}00.50"),
        ("pos", "{0}.5,{0}.25"),
    ],
)
def test_a_name_right_above_rows_with_delimiters_names_a_single_column(header: str, row: str) -> None:
    detected = detect(table(header, row.format))
    assert (detected.delimiter, detected.header_line) == ("", 1)
    assert detected.doubts[0].startswith("The file could also be read with ")


@pytest.mark.parametrize(
    ("header", "delimiter", "values"),
    [
        ("id,tags", ",", "a;b;c;d"),
        ("id\ttags", "\t", "a|b|c|d"),
        ("id,name,pos", ",", "bob,1.5;2.5;3.5;4.5"),
        ("id\tcat", "\t", "Home|Kitchen|Pots"),
    ],
)
@pytest.mark.parametrize("varying", [False, True])
def test_delimiters_of_lists_in_values_are_not_those_of_the_columns(
    header: str, delimiter: str, values: str, *, varying: bool
) -> None:
    def row(number: int) -> str:
        return f"{number}{delimiter}" + (values[: len(values) - number % 3 * 2] if varying else values)

    detected = detect(table(header, row))
    assert (detected.delimiter, detected.header_line) == (delimiter, 1)


@pytest.mark.parametrize("name", ["'Smith, Pat'", "'O''Brien, Pat'", "'Smith,Pat'"])
def test_quotes_in_which_the_rows_fit_the_header_are_quotes(name: str) -> None:
    detected = detect(table("id,name", lambda number: f"{number},{name}"))
    assert (detected.delimiter, detected.quote, detected.header_line) == (",", "'", 1)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        (table("id,x,y", lambda number: f"{number},{number},5,{number},25"), ","),
        ("SEQUENTIAL\nuser1;127.0.0.1:59\nuser2;127.0.0.1:60\n", ";"),
    ],
)
def test_names_that_no_row_fits_are_the_header_and_give_a_warning(text: str, delimiter: str) -> None:
    detected = detect(text)
    assert (detected.delimiter, detected.header_line) == (delimiter, 1)
    assert any("Check the options delimiter and header_line." in warning for warning in detected.doubts)


def test_with_the_option_decimal_comma_a_comma_between_digits_is_no_delimiter() -> None:
    assert detect(table("7", lambda number: f"{number},5"), decimal=",").delimiter == ""
    assert detect(table("7", lambda number: f"{number},5")).delimiter == ","
    assert detect(table("id,n", lambda number: f"{number},{number}"), decimal=",").delimiter == ","
    assert detect(table("id,n", lambda number: f'{number},"{number},5"'), decimal=",").delimiter == ","
    assert detect(table("7", "{},5".format), decimal=",", delimiter=",").delimiter == ","


def test_a_header_that_is_repeated_is_the_header() -> None:
    first, second = (table("id,name", lambda number: f"{number},b{number}") for _ in range(2))
    detected = detect(first + second)
    assert detected.header_line == 1
    assert detected.doubts == ("The header is repeated further down. There it is read as a row.",)


@pytest.mark.parametrize(
    ("above", "line"),
    [
        ("ACME Corp,Main Street 5,London\n\n", 3),
        ("Account: 123, Name: John, Smith\nPeriod: 1, 2, 3, 4\n\n", 4),
        ("Account,123,\nOwner,Max,\nFrom,2023,\n\n", 5),
        ("Account,123\n\nOwner,Max\n,,\n", 5),
    ],
)
def test_names_below_a_preamble_and_a_blank_line_are_the_header(above: str, line: int) -> None:
    for delimiter in (",", ";"):
        text = (above + table("Date,Text,Amount", day)).replace(",", delimiter)
        detected = detect(text)
        assert (detected.header_line, detected.header_lines, detected.delimiter) == (line, 1, delimiter)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n\nc,d\n5,6\n7,8\n",
        "a,b\n\n1,2\n3,4\n",
        "a,b,c\n1,2,3\n4,5,6\n\nc,d\n5,6\n7,8\n8,9\n",
    ],
)
def test_a_table_above_a_blank_line_is_not_a_preamble(text: str) -> None:
    assert detect(text).header_line == 1
