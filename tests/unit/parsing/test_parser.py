"""The parser reads any file as the exact parser does, wherever windows and blocks are cut."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.parsing import fast_path
from shared.parsing.layout import STANDARD, Dialect, Fields
from tests.unit.parsing.parse_results import parse, parse_exactly, set_max_record_bytes, set_window_sizes

DIALECTS = [
    STANDARD,
    Dialect(";"),
    Dialect("\t", "'"),
    Dialect("|", ""),
    Dialect("^", '"', "\\"),
    Dialect(",", "'", "\\"),
    Dialect(",", "", "\\"),
    Dialect(""),
    Dialect("", "'"),
    Dialect("", ""),
    Dialect(" ", ""),
    Dialect(" ", '"'),
    Dialect(",", '"', spaces_around_quotes=True),
    Dialect("\t", "'", "\\", spaces_around_quotes=True),
    Dialect(";", '"', has_trailing_delimiter=True),
    Dialect(",", '"', pads=True),
    Dialect("|", "", has_trailing_delimiter=True, pads=True),
]
CELLS = [
    "",
    "",
    "1",
    "007",
    " a b ",
    "é",
    "\ufeff",
    "a,b",
    'say "x"',
    "two\nlines",
    "two\r\nlines",
    '"',
    "'",
    "it's",
    "a; b\tc|d^e",
    "back\\slash",
    "y" * 7,
]
LONG_CELLS = ["x" * 300, "é" * 33, "\u20ac\U0001f600" * 20]
STRAY = ['"', '""', ",", "\n", "\r", "a", "\0", "\udcff", "\udce2\udc82", '"\n', ',"', "\ufeff"]
OTHER_STRAY = ["'", "\\", "\\\n", " ", "\x1f", ";", "\t", "a b"]


def write_cell(random: Random, quoting: float, dialect: Dialect, texts: list[str] | None = None) -> str:
    text = random.choice(texts or (CELLS if random.random() < 0.9 else LONG_CELLS))
    quote = dialect.quote
    special = {*"\n\r", quote, dialect.delimiter, dialect.escape}
    if not quote:
        return "".join(char for char in text if char not in special)
    if random.random() < quoting or set(text) & special or (dialect.is_aligned and not text):
        escaped = text.replace("\\", "\\\\") if dialect.escape else text
        doubled = dialect.escape + quote if dialect.escape and random.random() < 0.5 else quote * 2
        spaces = " " * random.randint(0, 2) if dialect.spaces_around_quotes else ""
        return f"{spaces}{quote}{escaped.replace(quote, doubled)}{quote}{spaces}"
    return text


@st.composite
def short_files(draw: st.DrawFn) -> tuple[bytes, Fields, Dialect]:
    """A file of a few records and stray characters, the fields of its columns, and its dialect."""
    dialect = draw(st.just(STANDARD) | st.sampled_from(DIALECTS))
    max_width = 3 if dialect.delimiter else 1
    fields = draw(st.lists(st.sampled_from(["x", "x", None]), min_size=1, max_size=max_width))
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    text |= st.text(f'a"\n\r \u20ac{dialect.delimiter}{dialect.quote}{dialect.escape}', max_size=6)
    randoms = st.randoms(use_true_random=False)
    written = st.builds(write_cell, randoms, st.floats(0, 1), st.just(dialect), st.just(CELLS))
    quoted = text.map(
        lambda text: dialect.quote + text.replace(dialect.quote or "\n", dialect.quote * 2) + dialect.quote
    )
    cell = written | written | quoted | text
    row = st.lists(cell, min_size=len(fields), max_size=len(fields)).map(dialect.delimiter.join)
    ragged = st.lists(cell, min_size=1, max_size=len(fields) + 1).map(dialect.delimiter.join)
    line_end = st.sampled_from(["\n", "\n", "\r\n"])
    lines = st.tuples(row | row | ragged, line_end).map("".join)
    stray = st.sampled_from(STRAY if dialect == STANDARD else STRAY + OTHER_STRAY)
    pieces = draw(st.lists(lines | lines | line_end | stray, max_size=10))
    content = "".join(pieces).encode("utf-8", "surrogateescape")
    return content.removesuffix(b"\n") if draw(st.booleans()) else content, fields, dialect


@settings(max_examples=1000, deadline=None)
@given(
    file=short_files(),
    block=st.integers(1, 9) | st.just(1 << 20),
    windows=st.tuples(st.integers(1, 40), st.integers(1, 200), st.integers(1, 20), st.integers(1, 3)),
    max_record_bytes=st.just(1 << 20) | st.integers(4, 60),
    max_marks=st.sampled_from([1_000_000, 7]),
    max_records=st.sampled_from([100_000, 2]),
)
def test_a_short_file_reads_as_by_the_exact_parser(
    file: tuple[bytes, Fields, Dialect],
    block: int,
    windows: tuple[int, int, int, int],
    max_record_bytes: int,
    max_marks: int,
    max_records: int,
) -> None:
    content, fields, dialect = file
    with pytest.MonkeyPatch.context() as patch:
        set_window_sizes(patch, *windows)
        set_max_record_bytes(patch, max_record_bytes)
        patch.setattr(fast_path, "_MAX_MARKS", max_marks)
        patch.setattr(fast_path, "_SCAN_BYTES", max_marks)
        patch.setattr(fast_path, "MAX_RECORDS", max_records)

        assert parse(content, fields, block, dialect) == parse_exactly(content, fields, dialect)


def random_lines(random: Random, width: int, rows: int, dialect: Dialect) -> Iterator[bytes]:
    stray_share = random.choice([0, 0.001, 0.3])
    blank_share, ragged_share = random.choice([0, 0.2]), random.choice([0, 0.01, 0.4])
    crlf_share, quoting = random.choice([0, 0.5, 1]), random.random()
    for _ in range(rows):
        line_end = b"\r\n" if random.random() < crlf_share else b"\n"
        if random.random() < stray_share:
            stray = STRAY if dialect == STANDARD else STRAY + OTHER_STRAY
            text = "".join(random.choices(stray, k=random.randint(1, 8)))
            yield text.encode("utf-8", "surrogateescape")
        elif random.random() < blank_share:
            yield line_end
        else:
            cells = width if random.random() >= ragged_share else random.randint(1, width + 2)
            record = dialect.delimiter.join(write_cell(random, quoting, dialect) for _ in range(cells))
            has_trailing = dialect.has_trailing_delimiter and random.random() < 0.95
            yield (record + dialect.delimiter * has_trailing).encode() + line_end


SEEDS = [(dialect, seed) for dialect in DIALECTS for seed in range(20 if dialect == STANDARD else 3)]


@pytest.mark.parametrize(("dialect", "seed"), SEEDS, ids=str)
def test_a_long_file_reads_as_by_the_exact_parser(
    dialect: Dialect, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)  # noqa: S311
    monkeypatch.setattr(fast_path, "MAX_RECORDS", random.choice([100_000, 300]))
    for rows in [3] * 10 + [30] * 5 + [1_000 if dialect == STANDARD else 400]:
        width = 1 if not dialect.delimiter else random.randint(1, 4)
        fields = [random.choice(["x", "x", None]) for _ in range(width)]
        header = dialect.delimiter.join("abcd"[:width])
        headings = (header,) if width > 1 else ()
        content = b"".join(random_lines(random, width, rows, dialect)).removesuffix(
            random.choice([b"", b"\n"])
        )
        content = content.replace(b"\n", f"\n{header}\n".encode(), random.choice([0, 0, 1, 3]))
        set_window_sizes(
            monkeypatch,
            random.choice([1, 16, 65_536]),
            random.choice([200, 8 << 20]),
            random.choice([1, 4096]),
            2,
        )
        set_max_record_bytes(monkeypatch, random.choice([1 << 20, 5_000]))

        read = parse(content, fields, random.choice([10, 1000, 8 << 20]), dialect, headings)
        assert read == parse_exactly(content, fields, dialect, headings)


@pytest.mark.parametrize(
    "dialect", [each for each in DIALECTS if each.delimiter.strip(" ") and not each.pads], ids=str
)
@pytest.mark.parametrize("seed", range(3))
def test_a_file_without_errors_reads_as_by_pythons_reader(dialect: Dialect, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    without_spaces = replace(dialect, spaces_around_quotes=False)
    rows = [
        dialect.delimiter.join(write_cell(random, 0.3, without_spaces) for _ in range(3)) for _ in range(200)
    ]
    rows = [row for row in rows if not row.startswith("\ufeff")]  # a reject: files were concatenated
    content = "\r\n".join([row + dialect.delimiter * dialect.has_trailing_delimiter for row in rows])

    read = parse(content.encode(), ["x"] * 3, dialect=dialect)

    expected = csv.reader(
        io.StringIO(content, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        escapechar=dialect.escape or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    assert read.rejects == []
    assert [[value or "" for value in cells] for _, _, cells in read.rows] == [
        record[:3] for record in expected
    ]
