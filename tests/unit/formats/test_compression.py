"""Compression: known by the first bytes, never by a name."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile

import pytest

from shared.detection import compression
from shared.errors import FileRefused


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "a,b\n")
    return content.getvalue()


def test_each_kind_is_known() -> None:
    assert compression.detect(gzip.compress(b"a,b\n")) == "gzip"
    assert compression.detect(bz2.compress(b"a,b\n")) == "bz2"
    assert compression.detect(bz2.compress(b"")) == "bz2"
    assert compression.detect(b"\x28\xb5\x2f\xfd\x04\x00") == "zstd"
    assert compression.detect(zipped("a.csv", "b.csv")) == "zip"
    assert compression.detect(zipped()) == "zip"
    assert compression.detect(b"a,b\n1,2\n") == ""
    assert compression.detect(b"") == ""


def test_text_that_begins_like_an_archive_is_text() -> None:
    assert compression.detect(b"BZhang,1\n") == ""
    assert compression.detect(b"BZh1,PKs\n") == ""
    assert compression.detect(b"PK,name\n") == ""


@pytest.mark.parametrize(
    "names", [("[Content_Types].xml", "xl/workbook.xml"), ("docProps/app.xml", "xl/x.xml")]
)
def test_a_workbook_is_no_archive_of_files(names: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused, match="an Excel workbook") as refused:
        compression.detect(zipped(*names))
    assert refused.value.code == "not_csv"
