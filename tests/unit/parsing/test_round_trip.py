"""A table written in any dialect, encoding and compression is read back cell by cell."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns
from shared.parsing.reader import CsvReader
from tests.unit.parsing.csv_writer import CsvWriter, Row

UNICODE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
SPECIAL = st.text("a,;\t|^ \"'\\\n\r\u2028\x85é\ufeff\x1f", max_size=6)
CELL = st.none() | UNICODE | SPECIAL | st.sampled_from(["", r"\N", "\\", '"', "''", "sep=;", " "])

DIALECTS = [
    *(
        CsvWriter(delimiter, quote)
        for delimiter in (",", ";", "\t", "|", "^", "", " ")
        for quote in ('"', "'")
    ),
    *(CsvWriter(delimiter, "", escape) for delimiter in (",", "\t", "") for escape in ("", "\\")),
    *(CsvWriter(delimiter, '"', "\\") for delimiter in (",", ";", "")),
    CsvWriter(" ", ""),
    CsvWriter(";", "'", "\\"),
    CsvWriter(",", spaces_around_quotes=True),
    CsvWriter("\t", "'", "\\", spaces_around_quotes=True),
    CsvWriter(";", has_trailing_delimiter=True),
    CsvWriter("|", "", has_trailing_delimiter=True),
    CsvWriter(",", quotes_all=True),
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16", "cp1252", "latin-1"]


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "zstd": zstd,
}
LINE_ENDS = ["\n", "\r\n", "\r"]


def names(width: int) -> list[str]:
    return [f"column_{number}" for number in range(1, width + 1)]


def read(content: bytes, overrides: Overrides, block: int = 1 << 20) -> list[list[str | None]]:
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    reading = CsvReader(blocks, AllColumns(), overrides)
    rows: list[list[str | None]] = []
    for batch in reading:
        assert batch.rejects == []
        columns = [batch.text[name].array.__arrow_array__().to_pylist() for name in reading.header.fields]
        rows += map(list, zip(*columns, strict=True))
    assert reading.rows == len(rows)
    return rows


def expected(rows: Sequence[Row], writer: CsvWriter) -> list[list[str | None]]:
    """Where lines end with CR, a CR inside a value is read as LF, because quotes are parsed later."""
    if writer.line_end != "\r":
        return [list(row) for row in rows]
    return [[cell and cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]


def can_encode(cell: str | None, encoding: str) -> bool:
    try:
        (cell or "").encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@st.composite
def tables(draw: st.DrawFn) -> tuple[CsvWriter, str, list[Row]]:
    """A dialect, an encoding, and rows that can be written in them."""
    writer = replace(draw(st.sampled_from(DIALECTS)), line_end=draw(st.sampled_from(LINE_ENDS)))
    encoding = draw(st.sampled_from(ENCODINGS))
    width = draw(st.integers(1, 4)) if writer.delimiter else 1
    cell = CELL.filter(lambda cell: writer.can_write(cell, width) and can_encode(cell, encoding))
    cell = cell.filter(lambda cell: not (cell or "").startswith("\ufeff"))  # a reject: concatenated files
    return writer, encoding, draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))


@settings(max_examples=300, deadline=None)
@given(tables(), st.sampled_from(list(COMPRESSIONS)), st.integers(1, 50) | st.just(1 << 20))
def test_any_table_is_read_back_with_the_format_as_overrides(
    table: tuple[CsvWriter, str, list[Row]], compression: str, block: int
) -> None:
    writer, encoding, rows = table
    width = len(rows[0]) if rows else 1
    content = COMPRESSIONS[compression](writer.write(names(width), rows).encode(encoding))
    overrides = replace(writer.overrides, encoding=encoding, compression=compression)

    assert read(content, overrides, block) == expected(rows, writer)


WORDS = [
    "Ada",
    "Søren",
    "O'Hara",
    "New York",
    'the "Iron" Lady',
    "a, b; c",
    "two\nlines",
    "x|y",
    "Größe",
    "é",
]
ORDINARY = [
    *(CsvWriter(delimiter, quote) for delimiter in (",", ";", "\t", "|", "^") for quote in ('"', "'")),
    *(CsvWriter(delimiter, quotes_all=True) for delimiter in (",", ";", "\t")),
    CsvWriter(",", '"', "\\", quotes_all=True),
    CsvWriter(";", has_trailing_delimiter=True),
    CsvWriter(",", spaces_around_quotes=True, quotes_all=True),
]


@st.composite
def ordinary_tables(draw: st.DrawFn) -> tuple[CsvWriter, list[Row]]:
    """Numbers, names, days and notes, some of them missing or empty."""
    writer = replace(draw(st.sampled_from(ORDINARY)), line_end=draw(st.sampled_from(LINE_ENDS)))
    word = st.sampled_from(WORDS)
    row = st.tuples(
        st.integers(1, 10**6).map(str),
        word,
        st.decimals(0, 1000, places=2).map(str),
        st.dates().map(str),
        word | st.sampled_from([None, "", "007"]),
    )
    rows: list[Row] = [*draw(st.lists(row, min_size=5, max_size=30))]
    return writer, [*rows, ("1", 'so "called"', "2.50", "2024-01-31", "it's")]


@settings(max_examples=150, deadline=None)
@given(ordinary_tables(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]))
def test_an_ordinary_table_is_read_back_without_overrides(
    table: tuple[CsvWriter, list[Row]], encoding: str
) -> None:
    writer, rows = table
    content = writer.write(["id", "full name", "amount", "day", "note"], rows).encode(encoding)

    assert read(content, Overrides()) == expected(rows, writer)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("writer", [CsvWriter(";", "'"), CsvWriter("\t", line_end="\r"), CsvWriter("|", "")])
def test_a_long_table_is_read_back_without_overrides(writer: CsvWriter, compression: str) -> None:
    rows = [[str(number), f"Jürgen {number}", None, f"{number}.50"] for number in range(20_000)]
    content = COMPRESSIONS[compression](writer.write(["id", "name", "note", "amount"], rows).encode())

    assert read(content, Overrides(), 30_000) == rows
