"""Random valid files: any table, in any dialect, encoding and compression."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Callable

import pyarrow as pa

from tests.fixtures.samples import HEADER, row

_RANDOM_CELLS: tuple[Callable[[random.Random, int], str], ...] = (
    lambda rng, index: str(index),
    lambda rng, index: str(rng.randrange(-(10**6), 10**6)),
    lambda rng, index: f"{rng.uniform(-1000, 1000):.2f}",
    lambda rng, index: f"{rng.random():.3e}",
    lambda rng, index: f"2024-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
    lambda rng, index: f"2024-05-06 {rng.randrange(24):02}:10:00",
    lambda rng, index: f"2024-05-06T{rng.randrange(24):02}:10:00Z",
    lambda rng, index: f"{rng.randrange(1, 29):02}.{rng.randrange(1, 13):02}.2024",
    lambda rng, index: rng.choice(("true", "false")),
    lambda rng, index: rng.choice(("Zürich", "naïve", "Łódź", "plain", "東京", "Ω", "")),
    lambda rng, index: rng.choice(("NULL", "N/A", "-", "12", "")),
    lambda rng, index: f"{rng.randrange(10**5):05}",
    lambda rng, index: rng.choice(('said "so"', "a,b;c", "two\nlines", "it's", "back\\slash", " x ")),
)
_DELIMITERS = (",", ",", ",", ";", "\t", "|", "^")
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "latin-1", "shift_jis")
_ENDS = ("\n", "\n", "\r\n", "\r")


def sales(rng: random.Random) -> bytes:
    """A file of the dataset `sales`, as standard CSV."""
    rows = [row(number, price=f"{rng.uniform(0, 99):.2f}") for number in range(rng.randrange(1, 120))]
    return _encoded(rng, "\n".join([HEADER, *rows]) + "\n")


def inferred(rng: random.Random) -> bytes:
    """A file of an inferred dataset."""
    columns = [rng.choice(_RANDOM_CELLS) for _ in range(rng.randrange(1, 9))]
    delimiter, quote, end = rng.choice(_DELIMITERS), rng.choice('"""\''), rng.choice(_ENDS)
    table = [[f"Column {number}" for number, _ in enumerate(columns)]]
    table += [[cell(rng, index) for cell in columns] for index in range(rng.randrange(1, 150))]
    lines = [delimiter.join(_quoted(cell, delimiter, quote) for cell in cells) for cells in table]
    preamble = rng.choice(([], [], [], ["A report", ""], [f"sep={delimiter}"]))
    footer = rng.choice(([], [], [], ["", ""], ["Total: 12"], ["", "Other,Table", "1,2", "3,4"]))
    return _encoded(rng, end.join([*preamble, *lines, *footer]) + end)


def _quoted(text: str, delimiter: str, quote: str) -> str:
    if any(char in text for char in (delimiter, quote, "\n", "\r")):
        return quote + text.replace(quote, 2 * quote) + quote
    return text


def _encoded(rng: random.Random, text: str) -> bytes:
    content = text.encode(rng.choice(_ENCODINGS), errors="replace")
    match rng.randrange(20):
        case 0:
            return gzip.compress(content, mtime=0)
        case 1:
            return bz2.compress(content)
        case 2:
            return bytes(pa.Codec("zstd").compress(content, asbytes=True))
        case 3:
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(zipfile.ZipInfo("one.csv"), content, zipfile.ZIP_DEFLATED)
                archive.writestr(
                    zipfile.ZipInfo("two.csv"), content[: len(content) // 2], zipfile.ZIP_DEFLATED
                )
            return file.getvalue()
        case _:
            return content
