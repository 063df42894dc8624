"""Detects the encoding of a file from its first bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from shared.decoding.text_decoder import byte_order_mark, detect_by_nulls
from shared.detection import legacy_encoding
from shared.error_codes import warning_text

_MIN_VALID_PER_INVALID = 3
"""Valid UTF-8 characters beyond ASCII for each invalid byte, from which on the file is corrupt UTF-8."""

_INVALID = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A detected encoding: Python's name, whether a byte order mark comes first, and warnings."""

    name: str
    has_bom: bool = False
    doubts: tuple[str, ...] = ()


def detect_encoding(head: bytes, *, is_whole: bool) -> Encoding:
    """Detect the encoding of the file that begins with `head`, and is no longer if `is_whole`.

    ASCII is called UTF-8. Raises nothing: any bytes are text in some encoding.
    """
    if mark := byte_order_mark(head):
        return Encoding("utf-8-sig" if mark[0] == "utf-8" else mark[0], has_bom=True)
    wide = detect_by_nulls(head, min_nulls=1)
    if wide:
        return Encoding(wide)
    text = decode_head(head, "utf-8", is_whole=is_whole)
    invalid = len(_INVALID.findall(text)) if not text.isascii() else 0
    if not invalid:
        return Encoding(legacy_encoding.detect_escaped(head) or "utf-8")
    valid = len(_BEYOND_ASCII.findall(text)) - invalid
    if valid >= _MIN_VALID_PER_INVALID * invalid:
        warning = warning_text("invalid_utf8", bad=invalid, size=len(head))
        return Encoding("utf-8", doubts=(warning,))
    guess = legacy_encoding.guess_encoding(head)
    return Encoding(guess.name, doubts=guess.doubts)


def choose_encoding(override: str | None, detected: Encoding) -> Encoding:
    """Return the encoding that the option sets, if any, with the byte order that was detected."""
    if override is None:
        return detected
    family = {"utf-16": "utf-16-", "utf-32": "utf-32-", "utf-8": "utf-8", "utf-8-sig": "utf-8"}.get(
        override, override
    )
    if detected.has_bom and detected.name.startswith(family):
        return Encoding(detected.name, has_bom=True)
    if override in {"utf-16", "utf-32"}:
        return Encoding(detected.name if detected.name.startswith(family) else f"{family}le")
    warning = warning_text("bom_mismatch", found=detected.name, encoding=override)
    return Encoding(
        "utf-8" if override == "utf-8-sig" else override, doubts=(warning,) if detected.has_bom else ()
    )


def decode_head(head: bytes, encoding: str, *, is_whole: bool) -> str:
    """Decode `head` without its byte order mark; invalid bytes become lone surrogates or U+FFFD.

    A character that is cut at the end is left out, unless the file ends there.
    """
    errors = "surrogateescape" if encoding in {"utf-8", "utf-8-sig"} else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    return decoder.decode(head, final=is_whole).removeprefix("\ufeff")
