"""The round trip: a table, written in any dialect, encoding and compression, is read back cell by cell."""

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
from tests.unit.parsing.csv_writer import Row, Written

UNICODE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
NASTY = st.text("a,;\t|^ \"'\\\n\r\u2028\x85é\ufeff\x1f", max_size=6)
CELL = st.none() | UNICODE | NASTY | st.sampled_from(["", r"\N", "\\", '"', "''", "sep=;", " "])

DIALECTS = [
    *(Written(delimiter, quote) for delimiter in (",", ";", "\t", "|", "^", "", " ") for quote in ('"', "'")),
    *(Written(delimiter, "", escape) for delimiter in (",", "\t", "") for escape in ("", "\\")),
    *(Written(delimiter, '"', "\\") for delimiter in (",", ";", "")),
    Written(" ", ""),
    Written(";", "'", "\\"),
    Written(",", spaces_around_quotes=True),
    Written("\t", "'", "\\", spaces_around_quotes=True),
    Written(";", has_trailing_delimiter=True),
    Written("|", "", has_trailing_delimiter=True),
    Written(",", quotes_all=True),
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
    return [f"column_{place}" for place in range(1, width + 1)]


def read(content: bytes, told: Overrides, block: int = 1 << 20) -> list[list[str | None]]:
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    reading = CsvReader(blocks, AllColumns(), told)
    rows: list[list[str | None]] = []
    for batch in reading:
        assert batch.rejects == []
        columns = [batch.text[name].array.__arrow_array__().to_pylist() for name in reading.header.fields]
        rows += map(list, zip(*columns, strict=True))
    assert reading.rows == len(rows)
    return rows


def expected(rows: Sequence[Row], written: Written) -> list[list[str | None]]:
    """Where lines end in CR, one inside a value is read as LF: where quotes begin is not known in time."""
    if written.line_end != "\r":
        return [list(row) for row in rows]
    return [[cell and cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row] for row in rows]


def can_encode(cell: str | None, encoding: str) -> bool:
    try:
        (cell or "").encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@st.composite
def tables(draw: st.DrawFn) -> tuple[Written, str, list[Row]]:
    """A dialect, an encoding, and rows that can be written in them."""
    written = replace(draw(st.sampled_from(DIALECTS)), line_end=draw(st.sampled_from(LINE_ENDS)))
    encoding = draw(st.sampled_from(ENCODINGS))
    width = draw(st.integers(1, 4)) if written.delimiter else 1
    cell = CELL.filter(lambda cell: written.holds(cell, width) and can_encode(cell, encoding))
    cell = cell.filter(lambda cell: not (cell or "").startswith("\ufeff"))  # where files were glued together
    return written, encoding, draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=6))


@settings(max_examples=300, deadline=None)
@given(tables(), st.sampled_from(list(COMPRESSIONS)), st.integers(1, 50) | st.just(1 << 20))
def test_any_table_is_read_back_where_its_format_is_told(
    table: tuple[Written, str, list[Row]], compression: str, block: int
) -> None:
    written, encoding, rows = table
    width = len(rows[0]) if rows else 1
    content = COMPRESSIONS[compression](written.file(names(width), rows).encode(encoding))
    told = replace(written.told, encoding=encoding, compression=compression)

    assert read(content, told, block) == expected(rows, written)


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
    *(Written(delimiter, quote) for delimiter in (",", ";", "\t", "|", "^") for quote in ('"', "'")),
    *(Written(delimiter, quotes_all=True) for delimiter in (",", ";", "\t")),
    Written(",", '"', "\\", quotes_all=True),
    Written(";", has_trailing_delimiter=True),
    Written(",", spaces_around_quotes=True, quotes_all=True),
]


@st.composite
def ordinary(draw: st.DrawFn) -> tuple[Written, list[Row]]:
    """Numbers, names, days and notes, some of them missing or empty."""
    written = replace(draw(st.sampled_from(ORDINARY)), line_end=draw(st.sampled_from(LINE_ENDS)))
    word = st.sampled_from(WORDS)
    row = st.tuples(
        st.integers(1, 10**6).map(str),
        word,
        st.decimals(0, 1000, places=2).map(str),
        st.dates().map(str),
        word | st.sampled_from([None, "", "007"]),
    )
    rows: list[Row] = [*draw(st.lists(row, min_size=5, max_size=30))]
    return written, [*rows, ("1", 'so "called"', "2.50", "2024-01-31", "it's")]


@settings(max_examples=150, deadline=None)
@given(ordinary(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]))
def test_an_ordinary_table_is_read_back_though_nothing_is_told(
    table: tuple[Written, list[Row]], encoding: str
) -> None:
    written, rows = table
    content = written.file(["id", "full name", "amount", "day", "note"], rows).encode(encoding)

    assert read(content, Overrides()) == expected(rows, written)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("written", [Written(";", "'"), Written("\t", line_end="\r"), Written("|", "")])
def test_a_long_table_is_read_back_though_nothing_is_told(written: Written, compression: str) -> None:
    rows = [[str(number), f"Jürgen {number}", None, f"{number}.50"] for number in range(20_000)]
    content = COMPRESSIONS[compression](written.file(["id", "name", "note", "amount"], rows).encode())

    assert read(content, Overrides(), 30_000) == rows
