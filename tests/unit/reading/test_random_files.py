"""Longer files at random, the same every time: over many rows pyarrow does what the exact parser does."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from shared.reading import plain
from tests.unit.reading.telling import bound, exactly, narrow, walked

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
    "y" * 7,
]
LONG = ["x" * 300, "é" * 33, "\u20ac\U0001f600" * 20]
STRAY = [b'"', b'""', b",", b"\n", b"\r", b"a", b"\0", b"\xff", b"\xe2\x82", b'"\n', b',"', b"\xef\xbb\xbf"]


def cell(random: Random, quoting: float) -> str:
    text = random.choice(CELLS if random.random() < 0.9 else LONG)
    if random.random() < quoting or set(text) & set(',"\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def content_of(random: Random, width: int, rows: int) -> Iterator[bytes]:
    dirt, blank, ragged = (
        random.choice([0, 0.001, 0.3]),
        random.choice([0, 0.2]),
        random.choice([0, 0.01, 0.4]),
    )
    crlf, quoting = random.choice([0, 0.5, 1]), random.random()
    for _ in range(rows):
        line_end = b"\r\n" if random.random() < crlf else b"\n"
        if random.random() < dirt:
            yield b"".join(random.choices(STRAY, k=random.randint(1, 8)))
        elif random.random() < blank:
            yield line_end
        else:
            cells = width if random.random() >= ragged else random.randint(1, width + 2)
            yield ",".join(cell(random, quoting) for _ in range(cells)).encode() + line_end


@pytest.mark.parametrize("seed", range(20))
def test_random_files_read_as_by_the_exact_parser_alone(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)  # noqa: S311
    monkeypatch.setattr(plain, "MOST_RECORDS", random.choice([100_000, 300]))
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
