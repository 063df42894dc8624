"""Zip archives that are encrypted, bombs, truncated or corrupt are refused, and raise no other error."""

from __future__ import annotations

import struct
import zipfile

import pytest

from shared.decoding.limits import ExpansionLimits
from shared.errors import FileRefused
from tests.unit.decoding.block_sizes import noise, seeded, until_refused
from tests.unit.decoding.zip_files import content, opened, zipped

LINES = b"".join(b"%d,name %d\n" % (number, number * 7) for number in range(3000))


def test_an_encrypted_member_is_refused_and_the_others_are_read() -> None:
    data = bytearray(zipped(("secret.csv", b"a\n"), ("open.csv", b"b\n")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive = opened(bytes(data))
    with pytest.raises(FileRefused, match=r"'secret\.csv' is encrypted"):
        content(archive)
    assert content(archive, 1) == b"b\n"


def test_an_unsupported_method_is_refused_by_name() -> None:
    with pytest.raises(FileRefused, match="compressed with lzma"):
        content(opened(zipped(("a.csv", b"a\n"), method=zipfile.ZIP_LZMA)))


def test_a_bomb_is_refused_before_it_expands() -> None:
    bomb = zipped(("a.csv", bytes(30 << 20)))
    with pytest.raises(FileRefused) as refused:
        opened(bomb)
    assert refused.value.code == "expands_too_far"
    data = zipped(("a.csv", bytes(100_000)), ("b.csv", noise(9000)))
    archive = opened(data, ExpansionLimits(free=50_000, ratio=20))
    assert until_refused(archive.read(archive.members[0]))[1]
    assert len(content(archive, 1)) == 9000


def test_members_that_overlap_are_refused() -> None:
    """Each member has a harmless size, but all are the same bytes of the archive."""
    data = zipped(("a.csv", noise(5000)))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entries = b"".join(data[start:end].replace(b"a.csv", b"%d.csv" % number) for number in range(3))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, len(entries), start, 0)
    with pytest.raises(FileRefused, match="claim more bytes"):
        opened(data[:start] + entries + tail)


def test_a_directory_that_claims_to_be_huge_is_not_read() -> None:
    data = zipped(("a.csv", b"a\n"))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 50 << 20, 0, 0)
    with pytest.raises(FileRefused) as refused:
        opened(data + bytes(50 << 20) + tail)
    assert refused.value.code == "archive_too_wide"


def test_corrupt_archives_never_raise_another_error_than_a_refusal() -> None:
    data = zipped(("a.csv", LINES), ("b.csv", LINES[:100]))
    refusals = 0
    for seed in range(1500):
        random = seeded(seed)
        broken = bytearray(data)
        start = random.choice([0, data.index(b"PK\x01\x02")])
        for _ in range(random.choice([1, 1, 3, 20])):
            broken[random.randrange(start, len(broken))] ^= random.randrange(1, 256)
        if random.random() < 0.2:
            del broken[random.randrange(len(broken)) :]
        try:
            archive = opened(bytes(broken))
            for member, expected in zip(archive.members, (LINES, LINES[:100]), strict=False):
                if not member.skipped:
                    assert b"".join(archive.read(member)) == expected
        except FileRefused:
            refusals += 1
    assert refusals > 500
