"""The registry of compressions: their names, signatures, file extensions and media types.

To add one, add an entry here and its decompressor in `shared/decoding/compression.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Compression:
    """A compression that is read: how users name it, and how a file with it is recognized."""

    name: str
    signature: re.Pattern[bytes]
    """Matches the first `SIGNATURE_SIZE` bytes of the file."""
    extension: str
    """Follows the extension of the CSV file, except for an archive."""
    aliases: tuple[str, ...] = ()
    """Other names of it in upload options."""
    media_types: tuple[str, ...] = ()
    is_archive: bool = False
    """Whether it contains named files rather than one stream of bytes."""


SIGNATURE_SIZE: Final = 10
"""Bytes at the beginning of a file that are enough to recognize its compression."""

COMPRESSIONS: Final = (
    Compression(
        "gzip",
        re.compile(rb"\x1f\x8b\x08"),  # RFC 1952; 8 is deflate, the only method there is
        ".gz",
        aliases=("gz",),
        media_types=("application/gzip", "application/x-gzip"),
    ),
    Compression(
        "bz2",
        re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"),  # "BZh1" might be the name of a column
        ".bz2",
        aliases=("bzip2",),
        media_types=("application/x-bzip2",),
    ),
    Compression(
        "zstd",
        re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # RFC 8878: a frame, or a skippable frame
        ".zst",
        aliases=("zst",),
        media_types=("application/zstd",),
    ),
    Compression(
        "zip",
        re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
        ".zip",
        media_types=("application/zip", "application/x-zip-compressed"),
        is_archive=True,
    ),
)

UNSUPPORTED: Final = (
    ("xz", b"\xfd7zXZ\x00"),
    ("7-Zip", b"7z\xbc\xaf\x27\x1c"),
    ("RAR", b"Rar!\x1a\x07"),
    ("LZ4", b"\x04\x22\x4d\x18"),
    ("compress (.Z)", b"\x1f\x9d"),
)
"""Compressions that are recognized to be refused: name, and the bytes that a file begins with."""

NAMES: Final = tuple(entry.name for entry in COMPRESSIONS)
STREAM_EXTENSIONS: Final = tuple(entry.extension for entry in COMPRESSIONS if not entry.is_archive)
ARCHIVE_EXTENSIONS: Final = tuple(entry.extension for entry in COMPRESSIONS if entry.is_archive)
MEDIA_TYPES: Final = frozenset(media_type for entry in COMPRESSIONS for media_type in entry.media_types)


def detect_compression(head: bytes) -> str:
    """Return the compression's name of a file that begins with `head`, `""` if it is not compressed.

    The content decides, the file's name does not.
    """
    return next((entry.name for entry in COMPRESSIONS if entry.signature.match(head)), "")


def unsupported_compression(head: bytes) -> str | None:
    """Return the name of the unsupported compression of a file that begins with `head`."""
    return next((name for name, signature in UNSUPPORTED if head.startswith(signature)), None)
