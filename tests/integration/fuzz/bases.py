"""Files as people have them, made up from a seed: any table, in any dialect, encoding and compression."""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Callable

import pyarrow as pa

from tests.fixtures.samples import HEADER, row

Values = Callable[[random.Random, int], str]

_KINDS: tuple[Values, ...] = (
    lambda chance, place: str(place),
    lambda chance, place: str(chance.randrange(-(10**6), 10**6)),
    lambda chance, place: f"{chance.uniform(-1000, 1000):.2f}",
    lambda chance, place: f"{chance.random():.3e}",
    lambda chance, place: f"2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
    lambda chance, place: f"2024-05-06 {chance.randrange(24):02}:10:00",
    lambda chance, place: f"2024-05-06T{chance.randrange(24):02}:10:00Z",
    lambda chance, place: f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.2024",
    lambda chance, place: chance.choice(("true", "false")),
    lambda chance, place: chance.choice(("Zürich", "naïve", "Łódź", "plain", "東京", "Ω", "")),
    lambda chance, place: chance.choice(("NULL", "N/A", "-", "12", "")),
    lambda chance, place: f"{chance.randrange(10**5):05}",
    lambda chance, place: chance.choice(('said "so"', "a,b;c", "two\nlines", "it's", "back\\slash", " x ")),
)
_DELIMITERS = (",", ",", ",", ";", "\t", "|", "^")
_ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "latin-1", "shift_jis")
_ENDS = ("\n", "\n", "\r\n", "\r")


def sales(chance: random.Random) -> bytes:
    """A file of the dataset that ships, mostly usual."""
    rows = [row(number, price=f"{chance.uniform(0, 99):.2f}") for number in range(chance.randrange(1, 120))]
    return _packed(chance, "\n".join([HEADER, *rows]) + "\n")


def anything(chance: random.Random) -> bytes:
    """A file of a dataset that nobody declared."""
    kinds = [chance.choice(_KINDS) for _ in range(chance.randrange(1, 9))]
    delimiter, quote, end = chance.choice(_DELIMITERS), chance.choice('"""\''), chance.choice(_ENDS)
    table = [[f"Column {place}" for place, _ in enumerate(kinds)]]
    table += [[kind(chance, place) for kind in kinds] for place in range(chance.randrange(1, 150))]
    lines = [delimiter.join(_cell(cell, delimiter, quote) for cell in cells) for cells in table]
    above = chance.choice(([], [], [], ["A report", ""], [f"sep={delimiter}"]))
    below = chance.choice(([], [], [], ["", ""], ["Total: 12"], ["", "Other,Table", "1,2", "3,4"]))
    return _packed(chance, end.join([*above, *lines, *below]) + end)


def _cell(text: str, delimiter: str, quote: str) -> str:
    if any(char in text for char in (delimiter, quote, "\n", "\r")):
        return quote + text.replace(quote, 2 * quote) + quote
    return text


def _packed(chance: random.Random, text: str) -> bytes:
    content = text.encode(chance.choice(_ENCODINGS), errors="replace")
    match chance.randrange(20):
        case 0:
            return gzip.compress(content)
        case 1:
            return bz2.compress(content)
        case 2:
            return bytes(pa.Codec("zstd").compress(content, asbytes=True))
        case 3:
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("one.csv", content)
                archive.writestr("two.csv", content[: len(content) // 2])
            return file.getvalue()
        case _:
            return content
