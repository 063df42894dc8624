"""The registry of compressions: recognized by the first bytes, and known wherever a compression is named."""

from __future__ import annotations

import bz2
import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from shared.decoding.compression import STREAM_DECOMPRESSORS
from shared.formats import compressions
from shared.formats.compressions import COMPRESSIONS, SIGNATURE_SIZE, detect_compression
from shared.formats.overrides import Overrides
from shared.storage import blob_version
from tests.unit.decoding.compressed_files import COMPRESS, zstd_skippable
from tests.unit.decoding.zip_files import zipped

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (gzip.compress(b"", mtime=0), "gzip"),
        (bz2.compress(b"a"), "bz2"),
        (bz2.compress(b""), "bz2"),
        (COMPRESS["zstd"](b"a"), "zstd"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "zstd"),
        (zstd_skippable(b"note", 15), "zstd"),
        (b"PK\x03\x04 and more", "zip"),
        (b"PK\x05\x06 and more", "zip"),
        (zipped(("a.csv", b"a\n")), "zip"),
        (zipped(), "zip"),
        (b"BZh1,name\n1,2\n", ""),
        (b"BZhang,1\n", ""),
        (b"BZh1,PKs\n", ""),
        (b"PK,name\n1,2\n", ""),
        (b"P*M\n1\n", ""),
        (b"a,b\n1,2\n", ""),
        (b"\x1f\x8b", ""),
        (b"", ""),
    ],
)
def test_a_compression_is_recognized_by_the_first_bytes(head: bytes, expected: str) -> None:
    assert detect_compression(head[:SIGNATURE_SIZE]) == expected


@pytest.mark.parametrize("entry", COMPRESSIONS, ids=lambda entry: entry.name)
def test_each_compression_can_be_read_named_and_uploaded(entry: compressions.Compression) -> None:
    assert (entry.name in STREAM_DECOMPRESSORS) is not entry.is_archive
    for name in (entry.name, *entry.aliases):
        assert Overrides.parse({"compression": name}) == Overrides(compression=entry.name)
    assert blob_version.is_supported(f"a{'' if entry.is_archive else '.csv'}{entry.extension}")


@pytest.mark.parametrize(
    "page",
    [
        "docs/reference/upload-options.md",
        "docs/howto/file-formats.md",
        "docs/howto/load-files.md",
        "read_http/console/upload.js",
    ],
)
def test_the_pages_for_users_name_each_compression(page: str) -> None:
    text = (ROOT / page).read_text()
    missing = [entry.name for entry in COMPRESSIONS if not {entry.name, *entry.aliases} & _words(text)]
    assert not missing


def _words(text: str) -> set[str]:
    return {"".join(filter(str.isalnum, word)) for word in text.replace("/", " ").split()}


def test_the_registry_does_not_import_pyarrow() -> None:
    program = "import sys, shared.formats.compressions; sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
