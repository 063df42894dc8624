"""Breaks: several tables in one file are told apart from footers, blank lines and broken rows."""

from __future__ import annotations

import pytest

from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns
from shared.parsing.reader import CsvReader

TABLE = "id,name,amount\n1,Ada,2.50\n2,Bob,3\n"
USUAL = Overrides(delimiter=",", header_line=1, header_lines=1)


def breaks(content: str, told: Overrides = USUAL) -> list[int]:
    reading = CsvReader([content.encode()], AllColumns(), told)
    refused: list[FileRefused] = []
    try:
        list(reading)
    except FileRefused as exc:
        refused.append(exc)
    assert [exc.code for exc in refused] == ["several_tables"] * bool(reading.breaks)
    assert [exc.facts["lines"] for exc in refused] in ([], [reading.breaks])
    return list(reading.breaks)


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
def test_another_table_below_a_blank_line_is_a_break(below: str, lines: list[int] | None) -> None:
    found = breaks(TABLE + below)
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
def test_what_is_no_table_of_its_own_is_no_break(below: str) -> None:
    assert breaks(TABLE + below) == []


def test_what_stands_directly_below_the_header_is_no_break() -> None:
    assert breaks("id,name,amount\n\nd,e\n4,5\n6,7\n1,Ada,2\n") == []


def test_padding_hides_no_other_table() -> None:
    assert breaks(TABLE + "\nd,e\n4,5\n", Overrides(header_line=1, ragged="pad")) == [5]


def test_breaks_are_found_wherever_the_file_is_cut() -> None:
    rows = "".join(f"{number},Ada,2.50\n" for number in range(30_000))
    content = f"id,name,amount\n{rows}\nd,e\n" + "4,5\n" * 30_000 + f"\nid,name,amount\n{rows}"
    assert breaks(content) == [30_003, 60_005]


def test_the_header_once_more_is_a_reject() -> None:
    content = f"{TABLE}id,name,amount\r\n3,Eve,4\n\ufeffid,name,amount\n4,Ida,5"
    (batch,) = CsvReader([content.encode()], AllColumns(), USUAL)
    assert batch.lines.tolist() == [2, 3, 5, 7]
    found = [(reject.line, reject.errors[0].code) for reject in batch.rejects]
    assert found == [(4, "repeated_header"), (6, "repeated_header")]


def test_values_like_their_column_are_rows_where_the_header_says_too_little() -> None:
    (single,) = CsvReader([b"name\nname\nAda\n"], AllColumns(), Overrides(delimiter="", header_line=1))
    (numbers,) = CsvReader([b"1,2\n1,2\n3,4\n"], AllColumns(), Overrides(delimiter=",", header_line=1))
    assert (len(single.lines), len(numbers.lines)) == (2, 2)
