"""Compression, told by a file's first bytes."""

from __future__ import annotations

from shared.decoding import compression
from shared.detection import foreign
from shared.errors import FileRefused

_UNREAD = (
    ("xz", b"\xfd7zXZ\x00"),
    ("7-Zip", b"7z\xbc\xaf\x27\x1c"),
    ("RAR", b"Rar!\x1a\x07"),
    ("LZ4", b"\x04\x22\x4d\x18"),
    ("compress (.Z)", b"\x1f\x9d"),
)


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
    found = compression.kind(raw)
    if found == "zip":
        foreign.refuse_workbook(raw)
    return "" if found == "none" else found
