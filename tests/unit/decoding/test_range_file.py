"""A file read by ranges is the same, and errors of its source are raised unchanged."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoding.zip_archive import Archive, RangeFile
from shared.errors import Unavailable
from tests.unit.decoding.block_sizes import noise, range_file
from tests.unit.decoding.zip_files import content, zipped

NINE = noise((8 << 20) + 123, 9)


@pytest.mark.parametrize("error", [ConnectionError("lost"), KeyError("lost"), ValueError("lost")])
def test_an_error_of_the_source_is_raised_unchanged(error: Exception) -> None:
    data = zipped(("a.csv", noise(9 << 20)))
    for allowed in (0, 2):
        left = iter(range(allowed))

        def failing(offset: int, length: int, left: Iterator[int] = left) -> bytes:
            if next(left, None) is None:
                raise error
            return data[offset : offset + length]

        with pytest.raises(type(error), match="lost"):
            content(Archive(RangeFile(failing, len(data))))


def test_a_source_that_returns_too_little_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Archive(RangeFile(lambda offset, length: b"", 1000))


@given(
    steps=st.lists(st.tuples(st.integers(0, 9 << 20), st.integers(0, 3 << 20)), max_size=6),
)
def test_a_file_read_by_ranges_is_the_same(steps: list[tuple[int, int]]) -> None:
    file, plain = range_file(NINE), io.BytesIO(NINE)
    for offset, size in steps:
        assert file.seek(offset) == plain.seek(offset)
        assert file.read(size) == plain.read(size)
        assert file.tell() == plain.tell()
    assert file.seek(-5, io.SEEK_END) == len(NINE) - 5
    assert file.read() == NINE[-5:]
    assert file.read() == b""
