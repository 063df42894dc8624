"""Files in any format give the same rows, and the reader reports the format."""

from __future__ import annotations

import bz2
import gzip
import re
from dataclasses import replace

import pytest

from shared.contracts.sales import Sales
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns, Columns, ContractColumns, FixedColumns
from shared.parsing.reader import CsvReader
from tests.fixtures.samples import HEADER, csv, orders, row

NO_OVERRIDES = Overrides()
Rows = list[tuple[int, list[str | None]]]


def read(
    content: str | bytes,
    overrides: Overrides = NO_OVERRIDES,
    columns: Columns | None = None,
    form: Format | None = None,
) -> tuple[CsvReader, Rows, dict[int, str]]:
    """The reader, the lines and values of the rows, and the codes of rejects by their lines."""
    raw = content.encode() if isinstance(content, str) else content
    reading = CsvReader([raw], columns or AllColumns(), overrides, format=form)
    rows: Rows = []
    rejects: dict[int, str] = {}
    for batch in reading:
        cells = [batch.text[name].array.__arrow_array__().to_pylist() for name in batch.text]
        rows += zip(batch.lines.tolist(), map(list, zip(*cells, strict=True)), strict=True)
        rejects |= {reject.line: reject.errors[0].code for reject in batch.rejects}
    return reading, rows, rejects


def test_lines_above_the_header_are_left_out_and_counted() -> None:
    reading, rows, _ = read("Sales of July\nby Ada\n\nid;amount\n1;2,5\n2;3\n3;4\n")
    assert (reading.format.header_line, reading.format.delimiter) == (4, ";")
    assert reading.header.names == ("id", "amount")
    assert rows == [(5, ["1", "2,5"]), (6, ["2", "3"]), (7, ["3", "4"])]


def test_the_sep_line_of_excel_is_not_part_of_the_table() -> None:
    reading, rows, _ = read("sep=;\r\nid;amount\r\n1;2,5\r\n")
    assert (reading.format.sep_line, reading.header.names) == (True, ("id", "amount"))
    assert rows == [(3, ["1", "2,5"])]
    _, rows, _ = read("sep=;\n1;2\n3;4\n", Overrides(header_line=0))
    assert rows == [(2, ["1", "2"]), (3, ["3", "4"])]


def test_a_header_of_several_lines_gives_joined_names() -> None:
    reading, rows, _ = read("Region,2019,,2020,\n,Q1,Q2,Q1,Q2\nNorth,1,2,3,4\n", Overrides(header_lines=2))
    assert reading.header.fields == ("region", "n_2019_q1", "n_2019_q2", "n_2020_q1", "n_2020_q2")
    assert rows == [(3, ["North", "1", "2", "3", "4"])]


def test_columns_without_a_header_are_numbered() -> None:
    reading, rows, rejects = read("1,2.5,x\n2,3.5,y\n3,4\n3,4.5,z\n")
    assert reading.format.header_line is None
    assert reading.header.fields == ("column_1", "column_2", "column_3")
    assert reading.header.as_json()[0] == {"name": "1.", "column": "column_1"}
    assert ([line for line, _ in rows], rejects) == ([1, 2, 4], {3: "ragged"})


def test_a_table_without_a_header_has_the_width_of_most_rows() -> None:
    reading, rows, rejects = read("total,3\n1,2,3\n4,5,6\n", Overrides(header_line=0, delimiter=","))
    assert (len(reading.header.fields), len(rows), rejects) == (3, 2, {1: "ragged"})


def test_a_contract_takes_columns_by_position_only_with_header_line_none() -> None:
    content = "\n".join([row(1), row(2)])
    reading, rows, _ = read(content, Overrides(header_line=0), ContractColumns(Sales))
    assert reading.header.fields == tuple(Sales.model_fields)
    assert [line for line, _ in rows] == [1, 2]
    with pytest.raises(
        FileRefused, match="in this order, set header_line=none: sales_order_number"
    ) as caught:
        read(content, columns=ContractColumns(Sales))
    assert caught.value.code == "header_mismatch"
    with pytest.raises(FileRefused, match="The file has 10 columns and no header, the contract has 9: sales"):
        read(f"{row(1)},x", Overrides(header_line=0), ContractColumns(Sales))


def test_a_trailing_delimiter_is_not_a_column_and_a_value_behind_it_is_ragged() -> None:
    content = "id;amount;\n1;2;\n2;3\n3;4;x\n4;5;\n5;6;7;8\n6;7;\n"
    reading, rows, rejects = read(content, Overrides(has_trailing_delimiter=True))
    assert reading.header.names == ("id", "amount")
    assert rows == [(2, ["1", "2"]), (3, ["2", "3"]), (5, ["4", "5"]), (7, ["6", "7"])]
    assert rejects == {4: "ragged", 6: "ragged"}


def test_ragged_rows_are_padded_only_with_the_option() -> None:
    content = 'a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n1\n"1\n",2\n1,2,3\n'
    _, rows, rejects = read(content, Overrides(delimiter=",", header_line=1))
    assert ([line for line, _ in rows], sorted(rejects)) == ([8], [2, 3, 4, 5, 6, 7])
    _, rows, rejects = read(content, Overrides(delimiter=",", header_line=1, ragged="pad"))
    padded = [(2, ["1", "2", None]), (3, ["1", "2", "3"]), (5, ["1", None, None]), (8, ["1", "2", "3"])]
    assert rows == padded
    # a quoted value of several lines may contain rows
    assert rejects == {4: "ragged", 6: "unreadable", 7: "unreadable"}


def test_columns_aligned_by_spaces() -> None:
    reading, rows, _ = read("id   name amount\n1    Ada  2.50\n 20  Bob  3\n3    Eve  4.5  \n   \n")
    assert reading.format.delimiter == " "
    assert rows == [(2, ["1", "Ada", "2.50"]), (3, ["20", "Bob", "3"]), (4, ["3", "Eve", "4.5"])]


def test_an_escape_stands_for_the_next_character_and_an_unquoted_n_for_a_missing_value() -> None:
    content = 'a,b,c\n"say \\"hi\\"","x\\\\y",\\N\nz\\,z,"\\N","\\\nn"\n'
    _, rows, _ = read(content, Overrides(escape="\\", header_line=1, delimiter=","))
    assert rows == [(2, ['say "hi"', "x\\y", None]), (3, ["z,z", "N", "\nn"])]


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n"])
def test_a_value_keeps_its_line_ends_unless_a_cr_ends_lines(line_end: str) -> None:
    content = line_end.join(["id,note", '1,"a\rb"', '2,"c\r\nd"', '3,"e"', ""])
    _, rows, _ = read(content, Overrides(line_end=line_end))
    notes = [cells[1] for _, cells in rows]
    assert notes == (["a\nb", "c\nd", "e"] if line_end == "\r" else ["a\rb", "c\r\nd", "e"])


def test_a_cr_without_lf_ends_a_line_only_where_lines_end_so() -> None:
    reading, rows, _ = read("id,n\n1,2\r3,4\r\n5,6\r7,8\n")
    assert (reading.format.line_end, [line for line, _ in rows]) == ("mixed", [2, 3, 4, 5])
    reading, rows, _ = read('id,n\r\n1,2\n3,"a\r\nb\rc"\r\n5,6\n7,8\n')
    assert (reading.format.line_end, rows[1]) == ("mixed", (3, ["3", "a\r\nb\rc"]))


def test_lines_in_utf_16_may_end_with_cr() -> None:
    reading, rows, _ = read("id,name\r1,Ålesund\r2,Ada\r".encode("utf-16"))
    assert (reading.format.encoding, reading.format.line_end) == ("utf-16-le", "\r")
    assert rows == [(2, ["1", "Ålesund"]), (3, ["2", "Ada"])]


@pytest.mark.parametrize("line_end", ["\n", "\r"])
def test_lines_that_contradict_a_guessed_encoding_are_rejects(line_end: str) -> None:
    lines = ["id;city", *(f"{number};Münster" for number in range(20))]
    content = line_end.join(lines).encode("cp1252") + f"{line_end}20;Köln".encode()
    reading, rows, rejects = read(content)
    assert (reading.format.encoding, len(rows), rejects) == ("cp1252", 20, {22: "unreadable"})
    _, rows, rejects = read(content, Overrides(encoding="cp1252"))
    assert (rows[-1], rejects) == ((22, ["20", "KÃ¶ln"]), {})


def test_an_encoding_is_decided_by_the_first_letters_wherever_they_are() -> None:
    content = ("id,city\n" + "1,Bonn\n" * 20_000 + "2,Москва и область\n" * 20).encode("cp1251")
    reading, rows, _ = read(content)
    assert (reading.format.encoding, rows[-1][1]) == ("cp1251", ["2", "Москва и область"])


def test_the_compression_is_recorded_and_a_wrong_override_is_refused() -> None:
    content = "id,amount\n1,2\n"
    for kind, compress in (("gzip", gzip.compress), ("bz2", bz2.compress), ("", bytes)):
        raw = compress(content.encode())
        for overrides in (NO_OVERRIDES, Overrides(compression=kind)):
            assert read(raw, overrides)[0].format.compression == kind
        content_kind = kind or "not compressed"
        message = f"The option compression is zstd, but the file is {content_kind}."
        with pytest.raises(FileRefused, match=re.escape(message)) as caught:
            read(raw, Overrides(compression="zstd"))
        assert caught.value.code == "compression_mismatch"
    with pytest.raises(FileRefused, match="The option compression is none, but the file is gzip"):
        read(gzip.compress(content.encode()), Overrides(compression=""))


@pytest.mark.parametrize(
    "content",
    [
        "Report\n\nid;name\n1;Zoë\n2;Ada\n".encode("cp1252"),
        "id\tname\r1\tÅsa\r2\tAda\r".encode("utf-16"),
        b"1,2.5\n2,3.5\n",
        b"\xef\xbb\xbfid,name\n1,Ada\n",
        ("id,name\n" + "1,Ada\n" * 20_000 + "2,Müller\n").encode("cp1252"),
        gzip.compress(b"id|name|\n1|'a|b'|\n2|'c'|\n", mtime=0),
    ],
)
def test_a_second_pass_with_the_format_of_the_first_reads_the_same_rows(content: bytes) -> None:
    first, rows, rejects = read(content)
    mapped = FixedColumns(first.header.fields)
    second, again, rejected = read(content, columns=mapped, form=first.format)
    assert (again, rejected) == (rows, rejects)
    assert second.format == replace(first.format, doubts=second.format.doubts)


def test_a_header_line_below_the_end_of_the_file_is_missing() -> None:
    with pytest.raises(FileRefused, match=re.escape("There is no header on line 9 or below.")):
        read("id,amount\n1,2\n", Overrides(header_line=9))


def test_the_dialect_of_a_declared_dataset_is_detected_by_its_column_names() -> None:
    content = orders(1, 50).replace(b",", b"|").replace(b'"', b"'")
    reading, rows, _ = read(b"Monthly, July\n" + content, columns=ContractColumns(Sales))
    assert (reading.format.delimiter, reading.format.quote) == ("|", "'")
    assert (reading.format.header_line, len(rows)) == (2, 50)


def test_remaining_bytes_are_unknown_where_rows_are_padded() -> None:
    assert CsvReader([csv(row(1))], ContractColumns(Sales)).max_remaining_bytes(1000) == 1000
    assert (
        CsvReader([csv(row(1))], ContractColumns(Sales), Overrides(ragged="pad")).max_remaining_bytes(1000)
        is None
    )
    assert HEADER in csv().decode()
