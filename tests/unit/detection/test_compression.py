"""Compression: known by the first bytes, never by a name."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pytest

from shared.detection import file_kind
from shared.errors import FileRefused


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n")
    return content.getvalue()


def test_each_kind_is_known() -> None:
    assert file_kind.detect_compression(gzip.compress(b"a,b\n")) == "gzip"
    assert file_kind.detect_compression(bz2.compress(b"a,b\n")) == "bz2"
    assert file_kind.detect_compression(bz2.compress(b"")) == "bz2"
    assert file_kind.detect_compression(b"\x28\xb5\x2f\xfd\x04\x00") == "zstd"
    assert file_kind.detect_compression(zipped("a.csv", "b.csv")) == "zip"
    assert file_kind.detect_compression(zipped()) == "zip"
    assert file_kind.detect_compression(b"a,b\n1,2\n") == ""
    assert file_kind.detect_compression(b"") == ""


def test_text_that_begins_like_an_archive_is_text() -> None:
    assert file_kind.detect_compression(b"BZhang,1\n") == ""
    assert file_kind.detect_compression(b"BZh1,PKs\n") == ""
    assert file_kind.detect_compression(b"PK,name\n") == ""


@pytest.mark.parametrize(
    "names", [("[Content_Types].xml", "xl/workbook.xml"), ("docProps/app.xml", "xl/x.xml")]
)
def test_a_workbook_is_no_archive_of_files(names: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused, match="an Excel workbook") as refused:
        file_kind.detect_compression(zipped(*names))
    assert refused.value.code == "not_csv"
