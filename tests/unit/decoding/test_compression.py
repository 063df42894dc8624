"""Compressed streams: recognised by their bytes, the same as in one piece, refused where they are broken."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.decoding.compression import HEAD, CompressionKind, compression_kind, decompress
from shared.decoding.limits import Expansion
from shared.errors import FileRefused
from tests.unit.decoding.block_sizes import cut, noise, places, seeded, until_refused
from tests.unit.decoding.compressed_files import COMPRESS, KINDS, zstd_skippable

LINES = b"".join(b"%d,name %d,%d.50\n" % (number, number * 7, number % 99) for number in range(2000))
every_kind = pytest.mark.parametrize("name", KINDS)


def joined(data: bytes, name: CompressionKind, at: list[int] | None = None) -> bytes:
    return b"".join(decompress(cut(data, at or []), name))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (gzip.compress(b"", mtime=0), "gzip"),
        (bz2.compress(b"a"), "bz2"),
        (bz2.compress(b""), "bz2"),
        (COMPRESS["zstd"](b"a"), "zstd"),
        (zstd_skippable(b"note", 15), "zstd"),
        (b"PK\x03\x04 and more", "zip"),
        (b"PK\x05\x06 and more", "zip"),
        (b"BZh1,name\n1,2\n", "none"),
        (b"PK,name\n1,2\n", "none"),
        (b"P*M\n1\n", "none"),
        (b"\x1f\x8b", "none"),
        (b"", "none"),
    ],
)
def test_a_kind_is_told_by_the_first_bytes(head: bytes, expected: str) -> None:
    assert compression_kind(head[:HEAD]) == expected


@every_kind
@given(contents=st.lists(st.binary(max_size=300), min_size=1, max_size=4), at=places())
@example(contents=[b"", b"a", b""], at=[1, 2, 3, 20, 21, 22])
def test_members_in_blocks_of_any_cut_are_what_was_compressed(
    name: CompressionKind, contents: list[bytes], at: list[int]
) -> None:
    assert joined(b"".join(map(COMPRESS[name], contents)), name, at) == b"".join(contents)


@every_kind
def test_a_long_stream_comes_out_in_small_pieces(name: CompressionKind) -> None:
    data = LINES + bytes(3 << 20) + noise(1 << 20)
    pieces = list(decompress(cut(COMPRESS[name](data), [5000, 9000]), name))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 1 << 20


def test_zstd_frames_to_be_skipped_are() -> None:
    data = (
        zstd_skippable(b"note") + COMPRESS["zstd"](b"a\n") + zstd_skippable(b"", 7) + COMPRESS["zstd"](b"b\n")
    )
    assert joined(data, "zstd", [3, 9, 14, 40]) == b"a\nb\n"


def test_what_is_not_compressed_passes() -> None:
    assert list(decompress([b"a", b"b"], "none")) == [b"a", b"b"]


def test_what_is_compressed_twice_is_decompressed_once() -> None:
    once = gzip.compress(b"a,b\n")
    assert joined(gzip.compress(once), "gzip") == once


@pytest.mark.parametrize("name", ["gzip", "bz2"])
@given(at=places())
def test_zeros_after_the_last_member_are_padding(name: CompressionKind, at: list[int]) -> None:
    data = COMPRESS[name](b"a,b\n")
    assert joined(data + bytes(100), name, at) == b"a,b\n"


@every_kind
@pytest.mark.parametrize("behind", [b"1,2\n", b"\r\n", b"xxxxxxxxxxxxxxxxxxxx"])
@pytest.mark.parametrize("apart", [True, False])
def test_anything_else_after_the_last_member_is_refused(
    name: CompressionKind, behind: bytes, apart: bool
) -> None:
    data = COMPRESS[name](LINES)
    got, refused = until_refused(decompress([data, behind] if apart else [data + behind], name))
    assert refused
    assert refused.code in {"compression_trailing", "compression_truncated"}
    assert LINES.startswith(got)
    if name != "zstd":
        assert (refused.code, refused.facts["byte"], got) == ("compression_trailing", len(data), LINES)


@every_kind
def test_a_stream_cut_off_anywhere_gives_its_beginning_and_is_refused(name: CompressionKind) -> None:
    data = COMPRESS[name](LINES)
    for end in [*range(20), *range(20, len(data), 331), len(data) - 1]:
        got, refused = until_refused(decompress([data[:end]], name))
        assert LINES.startswith(got)
        assert refused
        assert (refused.code, refused.facts["byte"]) == ("compression_truncated", end)


@every_kind
def test_flipped_bytes_are_harmless_or_refused_at_the_end_and_never_another_error(
    name: CompressionKind,
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


@every_kind
def test_a_source_that_fails_fails_as_itself(name: CompressionKind) -> None:
    def failing() -> Iterator[bytes]:
        yield COMPRESS[name](LINES)[:100]
        raise ConnectionError("away")

    with pytest.raises(ConnectionError, match="away"):
        list(decompress(failing(), name))


@every_kind
@pytest.mark.parametrize("limits", [Expansion(ratio=20, free=100_000), Expansion(ratio=10**6, most=400_000)])
def test_what_expands_too_far_is_refused_on_the_way(name: CompressionKind, limits: Expansion) -> None:
    refused = until_refused(decompress([COMPRESS[name](bytes(8 << 20))], name, limits))[1]
    assert refused
    assert refused.code == "expands_too_far"
    assert refused.facts["written"] <= 2 << 20


def test_the_first_megabytes_may_expand_as_they_like() -> None:
    data = COMPRESS["gzip"](bytes(9 << 20))
    assert len(data) * 900 < 9 << 20
    assert len(joined(data, "gzip")) == 9 << 20
    with pytest.raises(FileRefused, match="more than 200 times"):
        joined(COMPRESS["gzip"](bytes(11 << 20)), "gzip")
