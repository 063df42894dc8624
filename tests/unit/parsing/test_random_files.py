"""Longer files at random, the same every time: over many rows pyarrow does what the exact parser does.

In any dialect; and where Python's own reader means the same, it reads the same.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from shared.parsing import fast_path
from shared.parsing.layout import STANDARD, Dialect
from tests.unit.parsing.parse_results import bound, exactly, narrow, walked

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
LONG = ["x" * 300, "é" * 33, "\u20ac\U0001f600" * 20]
STRAY = [b'"', b'""', b",", b"\n", b"\r", b"a", b"\0", b"\xff", b"\xe2\x82", b'"\n', b',"', b"\xef\xbb\xbf"]
MORE_STRAY = [b"'", b"\\", b"\\\n", b" ", b"\x1f", b";", b"\t", b"a b"]


def cell(random: Random, quoting: float, dialect: Dialect = STANDARD) -> str:
    text = random.choice(CELLS if random.random() < 0.9 else LONG)
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


def content_of(random: Random, width: int, rows: int, dialect: Dialect = STANDARD) -> Iterator[bytes]:
    dirt, blank, ragged = (
        random.choice([0, 0.001, 0.3]),
        random.choice([0, 0.2]),
        random.choice([0, 0.01, 0.4]),
    )
    crlf, quoting = random.choice([0, 0.5, 1]), random.random()
    for _ in range(rows):
        line_end = b"\r\n" if random.random() < crlf else b"\n"
        if random.random() < dirt:
            stray = STRAY if dialect == STANDARD else STRAY + MORE_STRAY
            yield b"".join(random.choices(stray, k=random.randint(1, 8)))
        elif random.random() < blank:
            yield line_end
        else:
            cells = width if random.random() >= ragged else random.randint(1, width + 2)
            record = dialect.delimiter.join(cell(random, quoting, dialect) for _ in range(cells))
            is_ended = dialect.has_trailing_delimiter and random.random() < 0.95
            yield (record + dialect.delimiter * is_ended).encode() + line_end


@pytest.mark.parametrize("seed", range(20))
def test_random_files_read_as_by_the_exact_parser_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)  # noqa: S311
    monkeypatch.setattr(fast_path, "MAX_RECORDS", random.choice([100_000, 300]))
    for rows in [3] * 20 + [30] * 10 + [1_000]:
        fields = [random.choice(["x", "x", None]) for _ in range(random.randint(1, 4))]
        content = b"".join(content_of(random, len(fields), rows)).removesuffix(random.choice([b"", b"\n"]))
        narrow(
            monkeypatch,
            random.choice([1, 16, 65_536]),
            random.choice([200, 8 << 20]),
            random.choice([1, 4096]),
            2,
        )
        bound(monkeypatch, random.choice([1 << 20, 5_000]))

        assert walked(content, fields, random.choice([10, 1000, 8 << 20])) == exactly(content, fields)


DIALECTS = [
    Dialect(";"),
    Dialect("\t", "'"),
    Dialect("|", ""),
    Dialect("^", '"', "\\"),
    Dialect(",", "'", "\\"),
    Dialect(",", "", "\\"),
    Dialect(","),
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


@pytest.mark.parametrize("dialect", DIALECTS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_in_any_dialect_random_files_read_as_by_the_exact_parser_alone(
    dialect: Dialect, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)  # noqa: S311
    for rows in [3] * 10 + [30] * 5 + [400]:
        width = 1 if not dialect.delimiter else random.randint(1, 4)
        fields = [random.choice(["x", "x", None]) for _ in range(width)]
        header = dialect.delimiter.join("abcd"[:width])
        content = b"".join(content_of(random, width, rows, dialect))
        content = content.replace(b"\n", f"\n{header}\n".encode(), random.choice([0, 0, 1, 3]))
        narrow(monkeypatch, random.choice([1, 65_536]), random.choice([200, 8 << 20]), 1, 2)

        headings = (header,) if width > 1 else ()
        walk = walked(content, fields, random.choice([10, 1000, 8 << 20]), dialect, headings)
        assert walk == exactly(content, fields, dialect, headings)


@pytest.mark.parametrize(
    "dialect", [each for each in DIALECTS if each.delimiter.strip(" ") and not each.pads], ids=str
)
@pytest.mark.parametrize("seed", range(3))
def test_in_any_dialect_clean_files_read_as_by_pythons_reader(dialect: Dialect, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    tight = replace(dialect, spaces_around_quotes=False)
    rows = [dialect.delimiter.join(cell(random, 0.3, tight) for _ in range(3)) for _ in range(200)]
    rows = [row for row in rows if not row.startswith("\ufeff")]  # a reject: files were glued together
    content = "\r\n".join([row + dialect.delimiter * dialect.has_trailing_delimiter for row in rows])

    read = walked(content.encode(), ["x"] * 3, dialect=dialect)

    theirs = csv.reader(
        io.StringIO(content, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        escapechar=dialect.escape or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        strict=True,
    )
    assert read.rejects == []
    assert [[value or "" for value in cells] for _, _, cells in read.rows] == [
        record[:3] for record in theirs
    ]
