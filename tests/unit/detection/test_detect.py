"""Detection: the format of typical files, and the warnings."""

from __future__ import annotations

import csv
import io
from random import Random

import pytest

from shared.contracts import column_names
from shared.contracts.sales import Sales
from shared.detection.detect import HEAD_SIZE, detect_format
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from tests.fixtures.samples import HEADER

ROWS = [
    ["1", "Ada Byron", "London", "12.50", "2024-01-31"],
    ["2", "Jo, the elder", "New York", "7", "2024-02-01"],
    ["3", "Søren | Kierke", "Århus", "0.99", "2024-02-29"],
    ["4", 'Cal "Ripken" Jr; etc', "", "1000", "2024-03-01"],
]
NAMES = ["id", "full name", "city", "amount", "on"]


def written(rows: list[list[str]], delimiter: str = ",", quote: str = '"', line_end: str = "\r\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def detect(content: str | bytes, *, is_whole: bool = True, **options: object) -> Format:
    head = content.encode() if isinstance(content, str) else content
    return detect_format(head, is_whole=is_whole, overrides=Overrides(**options))  # type: ignore[arg-type]


def test_a_standard_file_has_the_default_format_and_no_warnings() -> None:
    detected = detect(written([NAMES, *ROWS]))
    assert detected == Format(line_end="\r\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_dialect_and_encoding_are_detected(
    delimiter: str, quote: str, line_end: str, encoding: str
) -> None:
    rows = [NAMES, *ROWS, ["5", f"{delimiter}x{delimiter}", "O'Hara, a 'b'", "1", "2024-04-01"]]
    detected = detect(written(rows, delimiter, quote, line_end).encode(encoding))
    assert detected.encoding == encoding
    assert detected.has_bom == (encoding == "utf-8-sig")
    assert (detected.delimiter, detected.quote, detected.line_end) == (delimiter, quote, line_end)
    assert (detected.header_line, detected.header_lines) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_detected(encoding: str) -> None:
    detected = detect(("\ufeff" + written([NAMES, *ROWS])).encode(encoding))
    assert (detected.encoding, detected.has_bom, detected.header_line) == (encoding, True, 1)


@pytest.mark.parametrize("seed", range(20))
def test_a_head_that_ends_anywhere_gives_the_same_as_the_file(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    body = [[str(n), *random.choice(ROWS)[1:4], "two\nlines" if n % 9 == 0 else "é"] for n in range(400)]
    content = written([NAMES, *body], ";").encode(random.choice(["utf-8", "utf-16-le", "cp1252"]))
    whole = detect(content)
    cut = detect(content[: random.randrange(2_000, len(content))], is_whole=False)
    assert cut == whole
    assert all("encoding" in warning for warning in cut.doubts)


def test_backslashes_before_quotes_are_escapes_only_if_necessary() -> None:
    rows = r'"say \"hi\", he said",2' + "\n"
    assert detect("text,number\n" + rows * 3).escape == "\\"
    assert detect("path,number\n" + r'"C:\folder\",2' + "\n" + '"a ""b""",3\n').escape == ""


def test_spaces_around_quotes_belong_to_neither() -> None:
    assert detect('"id", "name"\n"1", "a, b"\n"2", "c"\n').spaces_around_quotes
    assert detect('"id" ; "name"\n"1" ; "a; b"\n').spaces_around_quotes
    assert not detect("id, name\n1, a\n2, b\n").spaces_around_quotes


def test_quotes_that_mean_inches_are_ordinary_characters() -> None:
    detected = detect("size\tname\n" + '"5\tpipe\n"6\tpipe\n"7\ttube\n' * 3)
    assert (detected.delimiter, detected.quote) == ("\t", "")


def test_a_few_broken_quotes_give_a_warning_and_do_not_change_the_dialect() -> None:
    detected = detect('id,name\n1,"open\n2,"a, b"\n3,c\n')
    assert (detected.delimiter, detected.quote) == (",", '"')
    assert detected.doubts == ("1 values begin with a quote but do not end with one.",)


def test_the_sep_line_of_excel_sets_the_delimiter() -> None:
    detected = detect("sep=;\na;b\n1,5;2,5\n")
    assert (detected.delimiter, detected.sep_line, detected.header_line) == (";", True, 2)
    assert detect('"sep=\t"\r\na\tb\r\n').delimiter == "\t"


def test_an_unsupported_delimiter_in_the_sep_line_is_refused_unless_an_option_sets_one() -> None:
    with pytest.raises(FileRefused, match="sets the delimiter '~', which is not supported"):
        detect("sep=~\na~b\n1~2\n")
    assert detect("sep=~\na,b\n1,2\n", delimiter=",").header_line == 2
    assert detect("sep=~\na,b\n1,2\n", sep_line=False).delimiter == ","
    assert detect("sep=\na,b\n1,2\n").header_line == 2


def test_a_file_of_one_column_has_no_delimiter() -> None:
    for content in ("name\nAda\nJo\n", "n\n1\n2\n", 'name\n"Byron, Ada"\n"Doe, Jo"\n', "x"):
        assert (detect(content).delimiter, detect(content).header_line) == ("", 1)


def test_columns_aligned_with_spaces_are_columns_but_words_are_not() -> None:
    assert detect("id   name   n\n1    Ada    20\n22   Jo     3\n").delimiter == " "
    assert detect("person\nAda Byron\nJo Doe\nCal Ripken\n").delimiter == ""


def test_line_ends_inside_quotes_do_not_count() -> None:
    assert detect('a,b\r\n1,"x\ny"\r\n2,"\r"\r\n').line_end == "\r\n"
    assert detect("a,b\n1,2\r\n3,4\n5,6\r\n").line_end == "mixed"
    assert detect("a,b\r1,2\n3,4\r\n5,6\n").line_end == "mixed"
    assert detect("a,b\n1,x\ry\n2,z\n3,z\n").line_end == "\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lines_above_the_header_are_not_part_of_the_table(delimiter: str) -> None:
    table = written([NAMES, *ROWS], delimiter, line_end="\n")
    for above, line in (
        ("Report of sales\n\n", 3),
        ("# made by hand\n", 2),
        (f"Report of sales{delimiter * 4}\n{delimiter * 4}\n", 3),
        ('"a title\nof two lines"\nRegion: North\n', 4),
        ("\n\n", 3),
    ):
        detected = detect(above + table)
        assert (detected.header_line, detected.delimiter) == (line, delimiter), above


def test_groups_above_the_names_are_part_of_the_header() -> None:
    detected = detect(",,2019,,2020,\nRegion,Item,Q1,Q2,Q1,Q2\nNorth,Bell,1,2,3,4\nSouth,Bell,1,2,3,4\n")
    assert (detected.header_line, detected.header_lines) == (1, 2)
    assert "headings" in detected.doubts[0]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("1,Ada\n2,Jo\n3,Cal\n", None),
        ("2024-01-01;true;x\n2024-01-02;false;y\n", None),
        ("id,1,2,3\nname,4,5,6\n", 1),
        ("Year,2000,2001,2002\nTimber,1,2,3\nSteel,4,5,6\n", 1),
        ("id,,age\n1,John,30\n2,Jo,31\n", 1),
        ("a,b\nx,y\nz,w\n", 1),
        ("id,name\n", 1),
        ("London,red\nParis,blue\nLondon,red\nParis,red\n", None),
        ("a,b,c\n1,2\n", 1),
        ("a,b,c\n1,2,3,4\n", 1),
    ],
)
def test_the_first_line_is_the_header_unless_it_is_like_the_rows(content: str, line: int | None) -> None:
    assert detect(content).header_line == line


def test_delimiters_at_the_end_of_each_line_do_not_make_a_column() -> None:
    assert detect("a;b;\n1;2;\n3;4;\n").has_trailing_delimiter
    assert detect("a;b\n1;2;\n3;4;\n").has_trailing_delimiter
    assert detect("a;b\n1;2;\n3;4;\n").header_line == 1
    assert not detect("a;b;c\n1;2;\n3;4;\n").has_trailing_delimiter
    assert not detect("a;b;\n1;2;\n3;4;5\n").has_trailing_delimiter


def test_empty_lines_at_the_end_change_nothing() -> None:
    assert detect("a,b\n1,2\n\n\n") == detect("a,b\n1,2\n")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_has_no_header_and_a_warning(content: bytes) -> None:
    detected = detect(content)
    assert detected.header_line is None
    assert "The file is empty." in detected.doubts


def test_two_delimiters_that_fit_equally_well_give_a_warning() -> None:
    warning = "The file could also be read with pipes (|): 2 columns instead of 1."
    assert detect("1|2^3\n4|5^6\n").doubts[0] == warning


def test_known_columns_show_the_header_and_the_delimiter() -> None:
    known = column_names.fields_by_name(Sales)
    title = "Orders; of; the; shop; in; the; year; of; 2024; all; of; them\n" * 5
    content = title + HEADER.replace(",", "|") + "\n1|1|2019-07-01\n"
    detected = detect_format(content.encode(), is_whole=True, known_columns=known)
    assert (detected.header_line, detected.delimiter, detected.doubts) == (6, "|", ())
    other = detect_format(b"x,y\n1,2\n", is_whole=True, known_columns=known)
    assert (other.header_line, other.doubts) == (1, ("No line has the names of the dataset's columns.",))


def test_options_replace_detection() -> None:
    detected = detect("a,b;c\n1,2;3\n", delimiter=";", header_line=0, encoding="latin1")
    assert (detected.delimiter, detected.header_line, detected.encoding) == (";", None, "latin-1")
    assert detected.told == ("encoding", "delimiter", "header_line")
    assert detect('x "y\nz "\na;b\n1;2\n', header_line=3).delimiter == ";"
    assert detect("a;b\n1;2\n", header_line=9).header_line == 9
    assert detect("a,b\n1,2\n".encode("utf-16-be"), encoding="utf-16").encoding == "utf-16-be"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"PK\x03\x04" + bytes(22) + b"\x13\x00\x00\x00[Content_Types].xml", "an Excel workbook (.xlsx)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an Excel workbook of the old kind (.xls)"),
        (b"<!DOCTYPE html>\n<html>", "a page of HTML or XML"),
        (b'[{"id": 1, "name": "x"}]', "JSON"),
        (bytes(range(256)) * 4, "binary data"),
        (b"\xfd7zXZ\x00\x00", "xz"),
        (b"\x1f\x8b\x08\x00", "gzip"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(content: bytes, name: str) -> None:
    with pytest.raises(FileRefused) as refused:
        detect(content)
    assert (refused.value.code, refused.value.facts["found"]) == ("not_csv", name)
    assert name in refused.value.message


def test_any_bytes_are_detected_or_refused() -> None:
    random = Random(7)  # noqa: S311
    base = written([NAMES, *ROWS * 20]).encode()
    for _ in range(60):
        mutated = bytearray(base)
        for _ in range(random.randint(1, 30)):
            at = random.randrange(len(mutated))
            mutated[at : at + random.randint(0, 9)] = random.randbytes(random.randint(0, 9))
        try:
            assert detect(bytes(mutated), is_whole=random.random() < 0.5).header_line != 0
        except FileRefused as refused:
            assert refused.code == "not_csv"  # noqa: PT017


@pytest.mark.parametrize(
    "unit", [b'"', b',"', b'"a\n', b',""x', b"\n", b",", b'\\"', b"'", b"a\r", b'"",', b"\xff,", b"1 "]
)
def test_strange_heads_are_detected_quickly(unit: bytes) -> None:
    from time import process_time  # noqa: PLC0415

    start = process_time()
    assert detect(unit * (HEAD_SIZE // len(unit)), is_whole=False).as_json()
    assert process_time() - start < 2
