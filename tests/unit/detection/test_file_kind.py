"""Files that are not CSV are refused with their kind."""

from __future__ import annotations

import pytest

from shared.detection import file_kind
from shared.errors import FileRefused
from tests.unit.decoding.zip_files import zipped

MEMBERS_OF_WORKBOOKS = [
    ("[Content_Types].xml", "xl/workbook.xml"),
    ("docProps/app.xml", "xl/x.xml"),
]


@pytest.mark.parametrize("names", MEMBERS_OF_WORKBOOKS)
def test_a_workbook_is_recognized_by_its_first_members(names: tuple[str, ...]) -> None:
    head = zipped(*((name, b"a,b\n") for name in names))
    with pytest.raises(FileRefused, match=r"This is an Excel workbook \(\.xlsx\)") as refused:
        file_kind.check_not_zipped_workbook(head[:-60])
    assert (refused.value.code, refused.value.facts["found"]) == ("not_csv", "an Excel workbook (.xlsx)")


def test_a_zip_archive_of_csv_files_is_not_a_workbook() -> None:
    file_kind.check_not_zipped_workbook(zipped(("data/xl/a.csv", b"a,b\n"), ("mimetype", b"a\n")))
    file_kind.check_not_zipped_workbook(zipped())


@pytest.mark.parametrize(
    ("head", "kind", "sentence"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "an Excel workbook of the old kind (.xls)",
            "In Excel|in Excel",
        ),
        (b"%PDF-1.7", "a PDF document", "Upload a CSV file"),
    ],
)
def test_the_refusal_says_what_to_do(head: bytes, kind: str, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence) as refused:
        file_kind.check_file_kind(head)
    assert refused.value.facts["found"] == kind


@pytest.mark.parametrize(
    ("head", "name", "message"),
    [
        (b"\x1f\x8b\x08\x00", "gzip", "compressed twice"),
        (zipped(("a.csv", b"a\n")), "zip", "compressed twice"),
        (b"\xfd7zXZ\x00\x00", "xz", "compressed with xz. Supported: gzip, bz2, zstd, zip."),
    ],
)
def test_compressed_content_is_refused_by_name(head: bytes, name: str, message: str) -> None:
    with pytest.raises(FileRefused) as refused:
        file_kind.check_not_compressed(head)
    assert (refused.value.code, refused.value.facts["found"]) == ("not_csv", name)
    assert message in refused.value.message
