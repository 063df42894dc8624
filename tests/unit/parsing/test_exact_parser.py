"""The exact parser: records with their line numbers, whatever the quotes."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import FileRefused
from shared.parsing import exact_parser, lines
from shared.parsing.exact_parser import Record
from shared.parsing.lines import Lines

CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8) | st.text(
    'a,"\n\r ', max_size=6
)
TABLE = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6)
)


def parse(content: bytes, block: int = 1 << 20) -> list[Record]:
    blocks = [content[at : at + block] for at in range(0, len(content), block)]
    return list(exact_parser.parse_records(Lines(blocks)))


def fields(content: bytes) -> list[tuple[int, list[str | None]]]:
    return [(record.line, list(record.fields)) for record in parse(content)]


def test_line_ends_and_a_last_line_without_one() -> None:
    assert fields(b"a,b\r\nc,d\ne,f") == [(1, ["a", "b"]), (2, ["c", "d"]), (3, ["e", "f"])]


def test_line_numbers_count_physical_lines() -> None:
    assert fields(b'a,"x\ny\r\nz"\n\n\nb,c\n') == [(1, ["a", "x\ny\r\nz"]), (6, ["b", "c"])]


def test_missing_and_empty_values_differ() -> None:
    assert fields(b',"",a\n"",,\n') == [(1, [None, "", "a"]), (2, ["", None, None])]


def test_a_quote_inside_an_unquoted_value_is_an_ordinary_character() -> None:
    assert fields(b'5" pipe,2\n') == [(1, ['5" pipe', "2"])]


def test_spaces_and_zeros_are_preserved() -> None:
    assert fields(b" 007 , 1e3\n") == [(1, [" 007 ", " 1e3"])]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'a,"b"c,d', "follows a closing quote"),
        (b'a,"b', "not closed"),
        (b"a,\0", "NUL"),
        (b"a,\xff", "UTF-8"),
        (b'"a",\xc3', "UTF-8"),
    ],
)
def test_only_the_wrong_line_has_a_fault(line: bytes, fault: str) -> None:
    before, wrong, after = parse(b'x,"y, z"\n' + line + b'\n1,"2, 3"\n')

    assert (before.line, before.fields) == (1, ["x", "y, z"])
    assert (wrong.line, wrong.fields) == (2, [])
    assert fault in (wrong.fault or "")
    assert (after.line, after.fields) == (3, ["1", "2, 3"])


def test_raw_text_preserves_invalid_bytes() -> None:
    (record,) = parse(b"a\xffb\n")
    assert record.raw.encode("utf-8", "surrogateescape") == b"a\xffb"


@pytest.fixture
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of 10 kB for a record instead of 1 MiB, so that the tests are fast."""
    monkeypatch.setattr(lines, "MAX_RECORD_BYTES", 10_000)
    monkeypatch.setattr(exact_parser, "MAX_RECORD_BYTES", 10_000)
    monkeypatch.setattr(exact_parser, "_MAX_BYTES_READ_AGAIN", 30_000)


@pytest.mark.usefixtures("low_limits")
def test_the_size_of_a_record_is_limited() -> None:
    assert fields(b'"' + b"x\n" * 4_000 + b'",1\n')[0][1][1] == "1"
    (first, *rest) = parse(b'"' + b"x\n" * 6_000 + b'",1\n')
    assert "1 MB" in (first.fault or "")
    assert rest[0].line == 2
    assert "1 MB" not in (parse(b'"x\n')[0].fault or "")


@pytest.mark.usefixtures("low_limits")
def test_a_file_with_wrong_quotes_on_every_line_is_refused() -> None:
    with pytest.raises(FileRefused, match="quotes"):
        parse(b'x","y\n' * 6_000)  # each line closes the quote of the line above, and opens another


@pytest.mark.usefixtures("low_limits")
def test_only_the_lines_with_a_few_wrong_quotes_have_a_fault() -> None:
    content = (b'"x\n' + b"y\n" * 6_000) * 6
    assert sum(record.fault is not None for record in parse(content)) == 6


def test_the_time_to_read_a_record_is_in_proportion_to_its_lines() -> None:
    lines = 400_000
    started = time.process_time()
    (found,) = fields(b'"' + b"\n" * lines + b'",1\n')
    assert found == (1, ["\n" * lines, "1"])
    assert time.process_time() - started < 20  # minutes if each line copied the lines above


def test_a_file_with_a_line_over_the_limit_is_refused() -> None:
    with pytest.raises(FileRefused, match="longer"):
        parse(b"x" * 2_000_000, block=100_000)


@given(TABLE, st.sampled_from(["\n", "\r\n"]), st.integers(1, 7))
def test_quoted_values_are_read_back(table: list[list[str]], line_end: str, block: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=line_end).writerows(table)

    assert [record.fields for record in parse(text.getvalue().encode(), block)] == table


@given(TABLE, st.integers(1, 7))
def test_values_are_read_as_by_pythons_reader(table: list[list[str]], block: int) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(table)
    content = text.getvalue().replace("\r", "")  # for Python's reader a CR without LF is a line end

    read = [[value or "" for value in record.fields] for record in parse(content.encode(), block)]

    assert read == [row for row in csv.reader(io.StringIO(content, newline="")) if row]


@settings(max_examples=300)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"a", b"\0", b"\xff", b'""']), max_size=40))
def test_every_byte_is_in_exactly_one_record(pieces: list[bytes]) -> None:
    content = b"".join(pieces)

    found = parse(content)

    raw = b"".join(record.raw.encode("utf-8", "surrogateescape") for record in found)
    assert raw.translate(None, b"\r\n") == content.translate(None, b"\r\n")
    assert [record.line for record in found] == sorted({record.line for record in found})


def test_only_the_line_with_the_open_quote_has_a_fault_if_a_later_quote_closes_it() -> None:
    content = b'1,"abc,3\n' + b"1,2,3\n" * 20 + b'1,19",3,\n'

    read = list(exact_parser.parse_records(Lines([content]), width=3))

    assert [(record.line, bool(record.fault)) for record in read] == [(1, True)] + [
        (line, False) for line in range(2, 23)
    ]
    assert read[-1].fields == ["1", '19"', "3", None]
