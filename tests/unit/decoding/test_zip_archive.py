"""Zip archives: their members found and read by ranges, and what is none named with the reason."""

from __future__ import annotations

import bz2
import gzip
import io
import stat
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoding.range_file import RangeFile
from shared.decoding.zip_archive import Archive
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns
from shared.parsing.reader import CsvReader
from tests.unit.decoding.block_sizes import noise
from tests.unit.decoding.zip_files import content, opened, zipped

LINES = b"".join(b"%d,name %d\n" % (number, number * 7) for number in range(3000))


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
    data = noise(9 << 20)
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
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.csv", "w", force_zip64=True) as member,
    ):
        member.write(LINES)
    assert content(opened(sink.getvalue())) == LINES


def test_what_is_no_csv_file_is_named_with_the_reason() -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = opened(
        zipped(
            ("folder/", b""), ("folder/data.CSV", b"a\n"), ("__MACOSX/folder/._data.csv", b"?"),
            ("notes.txt", b"?"), (".DS_Store", b"?"), ("picture.png", b"?"), ("inner.csv.gz", b"?"),
            (link, b"/etc/passwd"),
        )
    )  # fmt: skip
    assert [(member.name, member.skipped) for member in archive.members] == [
        ("folder", "directory"),
        ("folder/data.CSV", ""),
        ("__MACOSX/folder/._data.csv", "hidden"),
        ("notes.txt", "not_csv"),
        (".DS_Store", "hidden"),
        ("picture.png", "not_csv"),
        ("inner.csv.gz", ""),
        ("link.csv", "link"),
    ]


def test_text_files_count_where_nothing_is_called_csv() -> None:
    assert loaded("export.txt", "export", "more.dat", "script.py") == ["export.txt", "export", "more.dat"]


def test_compressed_files_count_by_the_name_before() -> None:
    assert loaded("a.csv.gz", "b.TSV.BZ2", "c.csv.zst", "d.tar.gz", "e.txt.gz") == [
        "a.csv.gz",
        "b.TSV.BZ2",
        "c.csv.zst",
    ]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_compressed_file_in_an_archive_is_read(pack: Callable[[bytes], bytes]) -> None:
    archive = opened(zipped(("a.csv.gz", pack(b"id,name\n1,Ada\n2,Bob\n"))))
    (batch,) = CsvReader(archive.read(archive.members[0]), AllColumns(), Overrides(header_line=1))
    assert batch.text.to_numpy().tolist() == [["1", "Ada"], ["2", "Bob"]]


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
