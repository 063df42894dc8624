"""Zip archives: members are read by ranges, and skipped ones are listed with the reason."""

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

from shared.decoding.zip_archive import Archive, RangeFile
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
def test_each_member_has_its_content(method: int, contents: list[bytes]) -> None:
    archive = opened(zipped(*[(f"{index}.csv", data) for index, data in enumerate(contents)], method=method))
    assert [content(archive, member.index) for member in archive.members] == contents
    assert [member.size for member in archive.members] == list(map(len, contents))


def test_a_big_member_is_read_in_small_pieces_by_few_ranges() -> None:
    data = noise(9 << 20)
    stored = zipped(("data.csv", data), method=zipfile.ZIP_STORED)
    ranges: list[tuple[int, int]] = []

    def fetch(offset: int, length: int) -> bytes:
        ranges.append((offset, length))
        return stored[offset : offset + length]

    archive = Archive(RangeFile(fetch, len(stored)))
    pieces = list(archive.read(archive.members[0]))
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 1 << 20
    assert sum(length for _, length in ranges) <= len(stored) + (4 << 20)
    assert max(length for _, length in ranges) <= 4 << 20


def test_zip64_archives_are_read() -> None:
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("data.csv", "w", force_zip64=True) as member,
    ):
        member.write(LINES)
    assert content(opened(sink.getvalue())) == LINES


def test_members_that_are_not_csv_are_skipped_with_the_reason() -> None:
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


def test_text_files_count_if_no_member_has_a_csv_extension() -> None:
    assert loaded("export.txt", "export", "more.dat", "script.py") == ["export.txt", "export", "more.dat"]


def test_the_extension_before_that_of_the_compression_counts() -> None:
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


def test_names_are_cleaned_and_unique() -> None:
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
def test_members_of_the_same_name_are_both_read() -> None:
    archive = opened(zipped(("a.csv", b"one\n"), ("a.csv", b"two\n")))
    assert [content(archive, 0), content(archive, 1)] == [b"one\n", b"two\n"]


def test_an_archive_without_csv_is_refused_with_its_members() -> None:
    with pytest.raises(FileRefused) as refused:
        opened(zipped(("a.png", b"?")))
    assert (refused.value.code, refused.value.facts["skipped"]) == ("no_member", ["a.png"])
    with pytest.raises(FileRefused, match="contains no CSV file"):
        opened(zipped())


def test_an_excel_workbook_is_refused_with_advice() -> None:
    with pytest.raises(FileRefused, match=r"Excel workbook \(\.xlsx\), not a CSV file\. Save it as CSV"):
        opened(zipped(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")))


def test_an_open_document_file_is_refused_with_advice() -> None:
    with pytest.raises(FileRefused, match=r"OpenDocument file, not a CSV file\. Save it as CSV"):
        opened(zipped(("mimetype", b"application/vnd.oasis.opendocument"), ("content.xml", b"<x/>")))


@pytest.mark.parametrize("other", ["xl/notes.xml", "_rels/.rels", "xl/workbook.xml", "mimetype"])
def test_parts_of_a_workbook_beside_a_csv_file_do_not_make_an_archive_a_workbook(other: str) -> None:
    archive = opened(zipped((other, b"<xml/>"), ("data.csv", b"a,b\n")))
    assert "data.csv" in [member.name for member in archive.members if not member.skipped]


def test_a_folder_called_xl_does_not_make_an_archive_a_workbook() -> None:
    assert loaded("xl/a.csv", "mimetype") == ["xl/a.csv"]
