"""The usual format, seen at a glance: detection is thorough, and slower than the load of a small file."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.formats.format import Format
from shared.formats.overrides import Overrides

_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r"}) + b"\x7f"
_UNUSUAL = (
    (b'" ', re.compile(rb'" +,')),
    (b' "', re.compile(rb'[,\n] +"')),
    (b"'", re.compile(rb"[,\n] ?'|'[,\n\r]|'$")),
)
"""Signs of other quotes, each with what is found faster and is part of it."""

_START = re.compile(r"""["']?sep=|\s|'""", re.IGNORECASE)


def seen(
    head: bytes, *, is_whole: bool, told: Overrides, is_header: Callable[[Sequence[str]], bool]
) -> Format | None:
    """What `detection.detect` would find of a file with all usual signs and no other, or else `None`.

    Those are RFC 4180's, in UTF-8 with or without a mark, lines that end all the same, values as many as
    there are names, and names that are known: `is_header` is asked about those of the first line.
    """
    text = None if _is_unusual(head) else _utf8(head, is_whole=is_whole)
    if text is None or _START.match(text):
        return None
    if not is_whole:
        text = text[: text.rfind("\n") + 1]
    widths = _widths(text, is_header)
    if widths is None or len(widths) != 1:
        return None
    crlfs, lfs = text.count("\r\n"), text.count("\n")
    if crlfs not in {0, lfs}:
        return None
    has_bom = head.startswith(codecs.BOM_UTF8)
    found = Format(
        encoding="utf-8-sig" if has_bom else "utf-8", has_bom=has_bom, line_end="\r\n" if crlfs else "\n"
    )
    return _with_told(found, told)


def _is_unusual(head: bytes) -> bool:
    """Whether a control character, a CR alone, an escape, or another quote is in it."""
    return (
        len(head.translate(None, _CONTROLS)) < len(head)
        or head.count(b"\r") > head.count(b"\r\n") + head.endswith(b"\r")
        or b'\\"' in head
        or any(part in head and sign.search(head) for part, sign in _UNUSUAL)
    )


def _utf8(head: bytes, *, is_whole: bool) -> str | None:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return None
    return text.removeprefix("\ufeff")


def _widths(text: str, is_header: Callable[[Sequence[str]], bool]) -> set[int] | None:
    """The numbers of values of the records, `None` where the first is no header or one is broken."""
    lines = text.split("\n")
    names = next(csv.reader(lines[:1]), [])
    if len(names) < 2 or not names[-1].strip() or not is_header(names):  # noqa: PLR2004
        return None
    if '"' not in text:
        return {line.count(",") + 1 for line in lines if line.removesuffix("\r")}
    try:
        return {len(record) for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record}
    except csv.Error:
        return None


_NEVER_DETECTED = {"compression", "decimal", "thousands", "currency", "ragged"}


def _with_told(found: Format, told: Overrides) -> Format | None:
    given = told.given()
    detected = {name: value for name, value in given.items() if name not in _NEVER_DETECTED}
    if any(getattr(found, name) != value for name, value in detected.items()):
        return None
    return replace(found, **given, told=tuple(given))
