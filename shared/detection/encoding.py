"""Detects the encoding of a file from its first bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from shared.detection import legacy_encoding

_BOMS = (
    ("utf-8-sig", codecs.BOM_UTF8),
    ("utf-32-le", codecs.BOM_UTF32_LE),  # before UTF-16's, which it begins with
    ("utf-32-be", codecs.BOM_UTF32_BE),
    ("utf-16-le", codecs.BOM_UTF16_LE),
    ("utf-16-be", codecs.BOM_UTF16_BE),
)
_ZEROS = 0.1
"""NULs on one side of the pairs of bytes, above which they are UTF-16: the high halves of digits, delimiters
and line ends, whatever the script."""

_SPEAK_FOR_UTF8 = 3
"""Characters beyond ASCII that read as UTF-8, for each byte that does not: then that byte is the fault."""

_BAD = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """Python's name of it, whether a byte order mark comes first, and what is doubtful."""

    name: str
    has_bom: bool = False
    doubts: tuple[str, ...] = ()


def detect_encoding(head: bytes, *, is_whole: bool) -> Encoding:
    """The encoding of the file that begins with `head`, and is no longer if `is_whole`.

    ASCII is called UTF-8. Raises nothing: any bytes are in some encoding.
    """
    for name, bom in _BOMS:
        if head.startswith(bom):
            return Encoding(name, has_bom=True)
    utf16 = _utf16(head)
    if utf16:
        return Encoding(utf16)
    text = decode_head(head, "utf-8", is_whole=is_whole)
    bad = len(_BAD.findall(text)) if not text.isascii() else 0
    if not bad:
        return Encoding(legacy_encoding.detect_escaped(head) or "utf-8")
    good = len(_BEYOND_ASCII.findall(text)) - bad
    if good >= _SPEAK_FOR_UTF8 * bad:
        return Encoding("utf-8", doubts=(f"{bad} of the first {len(head)} bytes are not valid UTF-8.",))
    guess = legacy_encoding.guess_encoding(head)
    return Encoding(guess.name, doubts=guess.doubts)


def choose_encoding(overrides: str | None, found: Encoding) -> Encoding:
    """The encoding that is `told`, where one is, with what was `found` about its byte order."""
    if overrides is None:
        return found
    family = {"utf-16": "utf-16-", "utf-32": "utf-32-", "utf-8": "utf-8", "utf-8-sig": "utf-8"}.get(
        overrides, overrides
    )
    if found.has_bom and found.name.startswith(family):
        return Encoding(found.name, has_bom=True)
    if overrides in {"utf-16", "utf-32"}:
        return Encoding(found.name if found.name.startswith(family) else f"{family}le")
    doubt = f"The file begins with the byte order mark of {found.name}, but {overrides} was told."
    return Encoding(
        "utf-8" if overrides == "utf-8-sig" else overrides, doubts=(doubt,) if found.has_bom else ()
    )


def decode_head(head: bytes, encoding: str, *, is_whole: bool) -> str:
    """`head` as text, with what cannot be decoded as lone surrogates (PEP 383) or U+FFFD, without BOM.

    A character that is cut at the end is left out, unless the file ends there.
    """
    errors = "surrogateescape" if encoding in {"utf-8", "utf-8-sig"} else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    return decoder.decode(head, final=is_whole).removeprefix("\ufeff")


def _utf16(head: bytes) -> str | None:
    pairs = len(head) // 2
    if not pairs or b"\0" not in head or _begins_otherwise(head):
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros > _ZEROS * pairs and others * 20 <= zeros:
            return name
    return None


def _begins_otherwise(head: bytes) -> bool:
    """Whether lines of ASCII stand above the UTF-16 that another program has added: no NUL is in them."""
    above = head[: max(head.find(b"\0") - 1, 0)]
    return above.isascii() and b"\n" in above
