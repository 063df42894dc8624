"""Compression, told by a file's first bytes."""

from __future__ import annotations

from shared.errors import FileRefused
from shared.formats import foreign

_MAGIC = (
    ("gzip", b"\x1f\x8b\x08"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("bz2", b"BZh"),
    ("zip", b"PK\x03\x04"),
    ("zip", b"PK\x05\x06"),  # without members
)
_UNREAD = (
    ("xz", b"\xfd7zXZ\x00"),
    ("7-Zip", b"7z\xbc\xaf\x27\x1c"),
    ("RAR", b"Rar!\x1a\x07"),
    ("LZ4", b"\x04\x22\x4d\x18"),
    ("compress (.Z)", b"\x1f\x9d"),
)
_BZ2_LEVELS = b"123456789"
_BZ2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")
"""What comes next in a bz2 file: the digits of pi, or of its root where it holds nothing."""


def detect(raw: bytes) -> str:
    """One of `COMPRESSIONS` for a file that begins with `raw` (64 KB are plenty).

    Raises `FileRefused`, code `not_csv`, for archives of other kinds, and for those that are workbooks.
    """
    for name, magic in _UNREAD:
        if raw.startswith(magic):
            raise FileRefused(
                "not_csv",
                f"The file is compressed by {name}; gzip, zstd, bz2 and zip are read.",
                found=name,
            )
    found = next((name for name, magic in _MAGIC if raw.startswith(magic)), "")
    if found == "zip":
        foreign.refuse_workbook(raw)
    if found == "bz2" and not (raw[3:4] in _BZ2_LEVELS and raw[4:10] in _BZ2_BLOCK):
        return ""  # a name, perhaps, that begins with BZh
    return found
