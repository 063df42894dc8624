"""Several tables in one file are distinguished from footers, blank lines and wrong rows."""

from __future__ import annotations

import pytest

from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns
from shared.parsing.reader import CsvReader

TABLE = "id,name,amount\n1,Ada,2.50\n2,Bob,3\n"
OVERRIDES = Overrides(delimiter=",", header_line=1, header_lines=1)


def further_tables(content: str, overrides: Overrides = OVERRIDES) -> list[int]:
    reading = CsvReader([content.encode()], AllColumns(), overrides)
    refused: list[FileRefused] = []
    try:
        list(reading)
    except FileRefused as exc:
        refused.append(exc)
    assert [exc.code for exc in refused] == ["several_tables"] * bool(reading.further_tables)
    assert [exc.facts["lines"] for exc in refused] in ([], [reading.further_tables])
    return list(reading.further_tables)


@pytest.mark.parametrize(
    ("below", "lines"),
    [
        ("\nd,e\n4,5\n", [5]),
        ("\n\n\nw,x,y,z\n1,2,3,4\n5,6,7,8\n", [7]),
        ("\nThe second\nd,e\n4,5\n", [6]),
        ("\nid,name,amount\n3,Eve,4\n", [5]),
        ("\nid,name,amount\n", [5]),
        (",,\nid,name,amount\n3,Eve,4\n", [5]),
        ("\nplace,city,people\nx,y,z\n", [5]),
        (",,\n,,\nplace,city,\nx,y,\n", []),
        (",,\n,,\nplace,city,people\nx,y,z\n", [6]),
        ("\nd,e\n4,5\n6,7\n\n8,Ida,9\n", [5, 9]),
        ("\nd,e\n4,5\n\nw,x,y,z\n1,2,3,4\n", [5, 8]),
        ('3,"two\n\nlines",1\n\nd,e\n4,5\n', [8]),
        ("\n" + "\n".join(f"d,e{number}\n4,5\n\nw,x,y{number},z\n1,2,3,4\n" for number in range(15)), None),
    ],
)
def test_a_further_table_below_a_blank_line_is_found(below: str, lines: list[int] | None) -> None:
    found = further_tables(TABLE + below)
    assert found == lines if lines is not None else len(found) == 20


@pytest.mark.parametrize(
    "below",
    [
        "",
        "\n\n\n",
        "\n3,Eve,4\n\n4,Ida,5\n",
        "d,e\n4,5\n",
        "\nTotal,5\nCount,2\n",
        "\nCount,2\nSum,5.50\n",
        "\nPrinted:,Bob\nChecked:,Eve\n",
        "\n4,5\n",
        "\n4,5\n3,Eve,4\n4,5\n",
        "\nend of the report\nreally\n",
        "\nd,e\n\n4,5\n",
        "\nplace,city,people\n",
        "\nplace,city,people\n\nx,y,z\n",
        "\n3,Eve,none\n4,Ida,nobody\n",
        "place,city,people\nx,y,z\n",
        "\n,signed by,Bob\n,Eve,Ida\n",
        '\n3,"open\n4,5\n',
        "id,name,amount\n3,Eve,4\n",
        '3,"a\n\nd,e\n4,5\n",1\n',
    ],
)
def test_rows_footers_and_single_records_are_not_further_tables(below: str) -> None:
    assert further_tables(TABLE + below) == []


def test_records_directly_below_the_header_are_not_a_further_table() -> None:
    assert further_tables("id,name,amount\n\nd,e\n4,5\n6,7\n1,Ada,2\n") == []


def test_a_further_table_is_found_although_rows_are_padded() -> None:
    assert further_tables(TABLE + "\nd,e\n4,5\n", Overrides(header_line=1, ragged="pad")) == [5]


def test_further_tables_are_found_across_chunks() -> None:
    rows = "".join(f"{number},Ada,2.50\n" for number in range(30_000))
    content = f"id,name,amount\n{rows}\nd,e\n" + "4,5\n" * 30_000 + f"\nid,name,amount\n{rows}"
    assert further_tables(content) == [30_003, 60_005]


def test_a_repeated_header_is_a_reject() -> None:
    content = f"{TABLE}id,name,amount\r\n3,Eve,4\n\ufeffid,name,amount\n4,Ida,5"
    (batch,) = CsvReader([content.encode()], AllColumns(), OVERRIDES)
    assert batch.lines.tolist() == [2, 3, 5, 7]
    found = [(reject.line, reject.errors[0].code) for reject in batch.rejects]
    assert found == [(4, "repeated_header"), (6, "repeated_header")]


def test_rows_like_a_header_of_one_name_or_of_numbers_are_rows() -> None:
    (single,) = CsvReader([b"name\nname\nAda\n"], AllColumns(), Overrides(delimiter="", header_line=1))
    (numbers,) = CsvReader([b"1,2\n1,2\n3,4\n"], AllColumns(), Overrides(delimiter=",", header_line=1))
    assert (len(single.lines), len(numbers.lines)) == (2, 2)
