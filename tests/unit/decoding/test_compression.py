"""Compressed streams: decompressed in blocks of any size, refused if they are corrupt."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.decoding.compression import decompress
from shared.decoding.limits import ExpansionLimits
from shared.errors import FileRefused
from tests.unit.decoding.block_sizes import cut, noise, places, seeded, until_refused
from tests.unit.decoding.compressed_files import COMPRESS, STREAMS, zstd_skippable

LINES = b"".join(b"%d,name %d,%d.50\n" % (number, number * 7, number % 99) for number in range(2000))
every_stream = pytest.mark.parametrize("name", STREAMS)


def joined(data: bytes, name: str, at: list[int] | None = None) -> bytes:
    return b"".join(decompress(cut(data, at or []), name))


@every_stream
@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4), at=places())
@example(contents=[b"", b"a", b""], at=[1, 2, 3, 20, 21, 22])
def test_members_are_decompressed_wherever_blocks_end(
    name: str, contents: list[bytes], at: list[int]
) -> None:
    assert joined(b"".join(map(COMPRESS[name], contents)), name, at) == b"".join(contents)


@every_stream
def test_a_long_stream_comes_out_in_small_pieces(name: str) -> None:
    data = LINES + bytes(3 << 20) + noise(1 << 20)
    pieces = list(decompress(cut(COMPRESS[name](data), [5000, 9000]), name))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 1 << 20


def test_skippable_zstd_frames_are_skipped() -> None:
    data = (
        zstd_skippable(b"note") + COMPRESS["zstd"](b"a\n") + zstd_skippable(b"", 7) + COMPRESS["zstd"](b"b\n")
    )
    assert joined(data, "zstd", [3, 9, 14, 40]) == b"a\nb\n"


def test_uncompressed_blocks_pass_unchanged() -> None:
    assert list(decompress([b"a", b"b"], "")) == [b"a", b"b"]


def test_data_compressed_twice_are_decompressed_once() -> None:
    once = gzip.compress(b"a,b\n")
    assert joined(gzip.compress(once), "gzip") == once


@pytest.mark.parametrize("name", ["gzip", "bz2"])
@given(at=places())
def test_zeros_after_the_last_member_are_padding(name: str, at: list[int]) -> None:
    data = COMPRESS[name](b"a,b\n")
    assert joined(data + bytes(100), name, at) == b"a,b\n"


@every_stream
@pytest.mark.parametrize("behind", [b"1,2\n", b"\r\n", b"xxxxxxxxxxxxxxxxxxxx"])
@pytest.mark.parametrize("apart", [True, False])
def test_other_data_after_the_last_member_are_refused(name: str, behind: bytes, apart: bool) -> None:
    data = COMPRESS[name](LINES)
    got, refused = until_refused(decompress([data, behind] if apart else [data + behind], name))
    assert refused
    assert refused.code in {"compression_trailing", "compression_truncated"}
    assert LINES.startswith(got)
    if name != "zstd":
        assert (refused.code, refused.facts["byte"], got) == ("compression_trailing", len(data), LINES)


@every_stream
def test_a_truncated_stream_gives_its_beginning_and_is_refused(name: str) -> None:
    data = COMPRESS[name](LINES)
    for end in [*range(20), *range(20, len(data), 331), len(data) - 1]:
        got, refused = until_refused(decompress([data[:end]], name))
        assert LINES.startswith(got)
        assert refused
        assert (refused.code, refused.facts["byte"]) == ("compression_truncated", end)


@every_stream
def test_flipped_bytes_never_raise_another_error_than_a_refusal(
    name: str,
) -> None:
    data = COMPRESS[name](LINES)
    codes = set()
    for seed in range(300):
        random = seeded(seed)
        broken = bytearray(data)
        for _ in range(random.choice([1, 1, 1, 20])):
            broken[random.randrange(len(broken))] ^= random.randrange(1, 256)
        got, refused = until_refused(decompress(cut(bytes(broken), [random.randrange(len(data))]), name))
        codes.add(refused.code if refused else "")
        if name != "zstd":  # pyarrow writes zstd without checksums, so what came out may be anything
            assert refused or got == LINES
    assert "compression_corrupt" in codes


@every_stream
def test_an_error_of_the_source_is_raised_unchanged(name: str) -> None:
    def failing() -> Iterator[bytes]:
        yield COMPRESS[name](LINES)[:100]
        raise ConnectionError("lost")

    with pytest.raises(ConnectionError, match="lost"):
        list(decompress(failing(), name))


@every_stream
@pytest.mark.parametrize(
    "limits", [ExpansionLimits(ratio=20, free=100_000), ExpansionLimits(ratio=10**6, max_size=400_000)]
)
def test_data_that_expand_too_far_are_refused_before_the_end(name: str, limits: ExpansionLimits) -> None:
    refused = until_refused(decompress([COMPRESS[name](bytes(8 << 20))], name, limits))[1]
    assert refused
    assert refused.code == "expands_too_far"
    assert refused.facts["written"] <= 2 << 20


def test_the_first_megabytes_may_expand_without_a_limit() -> None:
    data = COMPRESS["gzip"](bytes(9 << 20))
    assert len(data) * 900 < 9 << 20
    assert len(joined(data, "gzip")) == 9 << 20
    with pytest.raises(FileRefused, match="at most 200 times the compressed size"):
        joined(COMPRESS["gzip"](bytes(11 << 20)), "gzip")
