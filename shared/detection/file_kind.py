"""Detects compression, and refuses files of other kinds: workbooks, JSON, HTML, binary data."""

from __future__ import annotations

import re

from shared.decoding import compression
from shared.errors import FileRefused

_MAGIC = (
    ("a PNG image", b"\x89PNG\r\n\x1a\n"),
    ("a JPEG image", b"\xff\xd8\xff"),
    ("a GIF image", b"GIF87a"),
    ("a GIF image", b"GIF89a"),
    ("a PDF document", b"%PDF-"),
    ("an Excel workbook of the old kind (.xls)", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("a Parquet file", b"PAR1"),
    ("an Arrow file", b"ARROW1\0\0"),
    ("a Feather file", b"FEA1"),
    ("an Avro file", b"Obj\x01"),
    ("an SQLite database", b"SQLite format 3\0"),
    ("a program", b"\x7fELF"),
    ("an RTF document", b"{\\rtf"),
)
_MARKUP = re.compile(rb"\s*<(?:!doctype\s|html[\s>]|\?xml\s|table[\s>])", re.IGNORECASE)
_JSON = re.compile(rb"""\s*(?:\{\s*"[^"\\]{0,500}"\s*:|\[\s*[\[{]\s*["\]}]|\[\s*$|\{\s*$)""")
_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)
_WORKBOOKS = (
    ("an OpenDocument file", b"mimetypeapplication/vnd.oasis.opendocument"),
    ("an Excel workbook (.xlsx)", b"[Content_Types].xml"),
    ("an Excel workbook (.xlsx)", b"xl/"),
    ("an Excel workbook (.xlsx)", b"_rels/.rels"),
)
_CONTROLS = bytes(set(range(32)) - {*b"\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f"}) + b"\x7f"
_MOST_CONTROLS = 0.02
"""Control characters over bytes, above which a file is no text. A few are rows to be rejected."""


def check_file_kind(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, where `head` begins as another kind of file does."""
    name = next((name for name, magic in _MAGIC if head.startswith(magic)), None)
    if name is None and _MARKUP.match(head):
        name = "a page of HTML or XML"
    if name is None and _JSON.match(head):
        name = "JSON"
    if name:
        raise _not_csv(name)


def check_not_binary(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, where `head`, in an encoding without NULs, is no text."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _MOST_CONTROLS * len(head):
        raise _not_csv("binary data")


def check_not_workbook(raw: bytes) -> None:
    """Raise `FileRefused` where the first members of the zip archive `raw` are those of a workbook."""
    for found in _MEMBER.finditer(raw):
        member = raw[found.end() : found.end() + 64]
        for name, start in _WORKBOOKS:
            if member.startswith(start):
                raise _not_csv(name)


def _not_csv(name: str) -> FileRefused:
    return FileRefused("not_csv", f"The file is no CSV file: it looks like {name}.", found=name)


_UNREAD = (
    ("xz", b"\xfd7zXZ\x00"),
    ("7-Zip", b"7z\xbc\xaf\x27\x1c"),
    ("RAR", b"Rar!\x1a\x07"),
    ("LZ4", b"\x04\x22\x4d\x18"),
    ("compress (.Z)", b"\x1f\x9d"),
)


def detect_compression(raw: bytes) -> str:
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
    found = compression.compression_kind(raw)
    if found == "zip":
        check_not_workbook(raw)
    return "" if found == "none" else found
