"""Refuses files that are not CSV: other compressions, workbooks, images, JSON, HTML and binary data."""

from __future__ import annotations

import re

from shared.errors import FileRefused
from shared.formats import compressions

_OLD_WORKBOOK = "an Excel workbook of the old kind (.xls)"
_SIGNATURES = (
    ("a PNG image", b"\x89PNG\r\n\x1a\n"),
    ("a JPEG image", b"\xff\xd8\xff"),
    ("a GIF image", b"GIF87a"),
    ("a GIF image", b"GIF89a"),
    ("a PDF document", b"%PDF-"),
    (_OLD_WORKBOOK, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
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
_ZIP_MEMBER = re.compile(rb"PK\x03\x04.{26}", re.DOTALL)
"""The header of a zip member, before its name."""

_WORKBOOK_MEMBERS = (
    ("an OpenDocument file", b"mimetypeapplication/vnd.oasis.opendocument"),
    ("an Excel workbook (.xlsx)", b"[Content_Types].xml"),
    ("an Excel workbook (.xlsx)", b"xl/"),
    ("an Excel workbook (.xlsx)", b"_rels/.rels"),
)
"""How the names of the first members of a workbook begin; the directory of the archive is not read."""

_CONTROLS = bytes(set(range(32)) - {*b"\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f"}) + b"\x7f"
_MAX_CONTROLS = 0.02
"""Share of control characters up to which a file is text; rows with them are rejected."""


def check_file_kind(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, if a file that begins with `head` is of another kind."""
    kind = next((kind for kind, signature in _SIGNATURES if head.startswith(signature)), None)
    if kind is None and _MARKUP.match(head):
        kind = "a page of HTML or XML"
    if kind is None and _JSON.match(head):
        kind = "JSON"
    if kind:
        raise _not_csv(kind)


def check_not_binary(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, if `head` is not text; not for encodings that have NULs."""
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls > _MAX_CONTROLS * len(head):
        raise _not_csv("binary data")


def check_not_compressed(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, if `head`, which has been decompressed, is compressed.

    It is so after an unsupported compression, or if the file was compressed twice.
    """
    if name := compressions.unsupported_compression(head):
        raise FileRefused("not_csv.compression", {"supported": compressions.NAMES}, found=name)
    name = compressions.detect_compression(head)
    if name == "zip":
        check_not_zipped_workbook(head)
    if name:
        raise FileRefused("not_csv.compressed_twice", found=name)


def check_not_zipped_workbook(head: bytes) -> None:
    """Raise `FileRefused`, code `not_csv`, if the zip archive that begins with `head` is a workbook."""
    for match in _ZIP_MEMBER.finditer(head):
        for kind, name in _WORKBOOK_MEMBERS:
            if head.startswith(name, match.end()):
                raise FileRefused("not_csv.workbook", found=kind)


def _not_csv(kind: str) -> FileRefused:
    if kind == _OLD_WORKBOOK:
        return FileRefused("not_csv.workbook", found=kind)
    return FileRefused("not_csv", found=kind)
