"""Zip archives: their members found and read by ranges, what is none named, what is broken refused."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoding.archive import Archive
from shared.decoding.expansion import Expansion
from shared.decoding.ranges import RangeFile
from shared.errors import FileRefused, Unavailable
from tests.unit.decoding.cutting import range_file, until_refused

LINES = b"".join(b"%d,name %d\n" % (number, number * 7) for number in range(3000))


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return sink.getvalue()


def opened(data: bytes, limits: Expansion | None = None) -> Archive:
    return Archive(range_file(data), limits or Expansion())


def content(archive: Archive, place: int = 0) -> bytes:
    return b"".join(archive.read(archive.members[place]))


def loaded(*names: str) -> list[str]:
    archive = opened(zipped(*[(name, b"a\n") for name in names]))
    return [member.name for member in archive.members if not member.skipped]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
@given(contents=st.lists(st.binary(max_size=500), min_size=1, max_size=4))
def test_each_member_is_what_was_put_in(method: int, contents: list[bytes]) -> None:
    archive = opened(zipped(*[(f"{place}.csv", data) for place, data in enumerate(contents)], method=method))
    assert [content(archive, member.place) for member in archive.members] == contents
    assert [member.size for member in archive.members] == list(map(len, contents))


def test_a_big_member_comes_in_small_pieces_by_few_ranges() -> None:
    data = Random(1).randbytes(9 << 20)
    stored = zipped(("data.csv", data), method=zipfile.ZIP_STORED)
    asked: list[tuple[int, int]] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return stored[offset : offset + length]

    archive = Archive(RangeFile(fetch, len(stored)))
    pieces = list(archive.read(archive.members[0]))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 1 << 20
    assert sum(length for _, length in asked) <= len(stored) + (4 << 20)
    assert max(length for _, length in asked) <= 4 << 20


def test_sizes_beyond_four_gigabytes_are_read_as_zip64_writes_them() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("data.csv", "w", force_zip64=True) as member:
            member.write(LINES)
    assert content(opened(sink.getvalue())) == LINES


def test_what_is_no_csv_file_is_named_with_the_reason() -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = opened(
        zipped(
            ("folder/", b""), ("folder/data.CSV", b"a\n"), ("__MACOSX/folder/._data.csv", b"?"), ("notes.txt", b"?"),
            (".DS_Store", b"?"), ("picture.png", b"?"), ("inner.csv.gz", b"?"), (link, b"/etc/passwd"),
        )
    )  # fmt: skip
    assert [(member.name, member.skipped) for member in archive.members] == [
        ("folder", "directory"),
        ("folder/data.CSV", ""),
        ("__MACOSX/folder/._data.csv", "hidden"),
        ("notes.txt", "not_csv"),
        (".DS_Store", "hidden"),
        ("picture.png", "not_csv"),
        ("inner.csv.gz", "not_csv"),
        ("link.csv", "link"),
    ]


def test_text_files_count_where_nothing_is_called_csv() -> None:
    assert loaded("export.txt", "export", "more.dat", "script.py") == ["export.txt", "export", "more.dat"]


def test_names_are_only_names_and_no_two_alike() -> None:
    names = [
        "../../etc/a.csv",
        "etc/a.csv",
        "/etc//a.csv",
        "C:\\b.csv",
        "etc/a (2).csv",
        "\x1b[0m.csv",
        "Ä.csv",
    ]
    assert loaded(*names) == [
        "etc/a.csv", "etc/a (2).csv", "etc/a (3).csv", "b.csv", "etc/a (2) (2).csv", "[0m.csv", "Ä.csv",
    ]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_the_same_name_are_read_each() -> None:
    archive = opened(zipped(("a.csv", b"one\n"), ("a.csv", b"two\n")))
    assert [content(archive, 0), content(archive, 1)] == [b"one\n", b"two\n"]


def test_an_archive_without_csv_is_refused_with_what_is_in_it() -> None:
    with pytest.raises(FileRefused) as refused:
        opened(zipped(("a.png", b"?")))
    assert (refused.value.code, refused.value.facts["skipped"]) == ("no_member", ["a.png"])
    with pytest.raises(FileRefused, match="no CSV file"):
        opened(zipped())


def test_an_excel_workbook_is_called_one() -> None:
    with pytest.raises(FileRefused, match="Excel workbook"):
        opened(zipped(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")))


def test_an_encrypted_member_is_refused_and_the_others_are_read() -> None:
    data = bytearray(zipped(("secret.csv", b"a\n"), ("open.csv", b"b\n")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive = opened(bytes(data))
    with pytest.raises(FileRefused, match=r"'secret\.csv' is encrypted"):
        content(archive)
    assert content(archive, 1) == b"b\n"


def test_another_method_is_refused_by_its_name() -> None:
    with pytest.raises(FileRefused, match="compressed by lzma"):
        content(opened(zipped(("a.csv", b"a\n"), method=zipfile.ZIP_LZMA)))


def test_a_bomb_is_refused_before_it_expands() -> None:
    bomb = zipped(("a.csv", bytes(30 << 20)))
    with pytest.raises(FileRefused) as refused:
        opened(bomb)
    assert refused.value.code == "expands_too_far"
    archive = opened(
        zipped(("a.csv", bytes(100_000)), ("b.csv", Random(1).randbytes(9000))),
        Expansion(free=50_000, ratio=20),
    )
    assert until_refused(archive.read(archive.members[0]))[1]
    assert len(content(archive, 1)) == 9000


def test_members_that_overlap_are_refused() -> None:
    """Each looks like a modest file of its own; all are the same bytes of the archive."""
    data = zipped(("a.csv", Random(1).randbytes(5000)))
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entries = b"".join(data[start:end].replace(b"a.csv", b"%d.csv" % place) for place in range(3))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, len(entries), start, 0)
    with pytest.raises(FileRefused, match="claim more bytes"):
        opened(data[:start] + entries + tail)


def test_a_directory_that_claims_to_be_huge_is_not_read() -> None:
    data = zipped(("a.csv", b"a\n"))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 50 << 20, 0, 0)
    with pytest.raises(FileRefused) as refused:
        opened(data + bytes(50 << 20) + tail)
    assert refused.value.code == "archive_too_wide"


def test_archives_cut_off_or_flipped_are_refused_or_harmless_and_never_another_error() -> None:
    data = zipped(("a.csv", LINES), ("b.csv", LINES[:100]))
    refusals = 0
    for seed in range(1500):
        random = Random(seed)
        broken = bytearray(data)
        place = random.choice([0, data.index(b"PK\x01\x02")])
        for _ in range(random.choice([1, 1, 3, 20])):
            broken[random.randrange(place, len(broken))] ^= random.randrange(1, 256)
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


@pytest.mark.parametrize("error", [ConnectionError("away"), KeyError("away"), ValueError("away")])
def test_a_source_that_fails_fails_as_itself(error: Exception) -> None:
    data = zipped(("a.csv", Random(1).randbytes(9 << 20)))
    calls = 0

    def failing(offset: int, length: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls == allowed:
            raise error
        return data[offset : offset + length]

    for allowed in (1, 3):
        calls = 0
        with pytest.raises(type(error), match="away"):
            content(Archive(RangeFile(failing, len(data))))


def test_a_source_that_gives_too_little_is_away_rather_than_the_file_broken() -> None:
    with pytest.raises(Unavailable):
        Archive(RangeFile(lambda offset, length: b"", 1000))


@given(
    steps=st.lists(st.tuples(st.integers(0, 9 << 20), st.integers(0, 3 << 20)), max_size=6),
)
def test_a_file_read_by_ranges_is_the_file(steps: list[tuple[int, int]]) -> None:
    file, plain = range_file(NINE), io.BytesIO(NINE)
    for place, size in steps:
        assert file.seek(place) == plain.seek(place)
        assert file.read(size) == plain.read(size)
        assert file.tell() == plain.tell()
    assert file.seek(-5, io.SEEK_END) == len(NINE) - 5
    assert file.read() == NINE[-5:]
    assert file.read() == b""


NINE = Random(9).randbytes((8 << 20) + 123)
