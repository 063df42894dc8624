"""Bytes cut into blocks at random, and files in memory that are read by ranges."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from hypothesis import strategies as st

from shared.decoding.zip_archive import RangeFile
from shared.errors import FileRefused


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` cut at `places`, which may lie beyond its end or be the same; some blocks are empty."""
    bounds = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]


def places(most: int = 400) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, most), max_size=8)


def until_refused(pieces: Iterator[bytes]) -> tuple[bytes, FileRefused | None]:
    """Return what was read, and the refusal that ended it."""
    got = b""
    try:
        for piece in pieces:
            got += piece
    except FileRefused as exc:
        return got, exc
    return got, None


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that cannot be compressed, the same in each run."""
    return Random(seed).randbytes(size)  # noqa: S311  # no secret


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # no secret


def range_file(data: bytes) -> RangeFile:
    return RangeFile(lambda offset, length: data[offset : offset + length], len(data))
