"""What the first bytes of a text say about its encoding: byte order marks, NULs of UTF-16 and UTF-32."""

from __future__ import annotations

import codecs

HEAD = 4096
"""Bytes that are enough to look at."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"\x84\x31\x95\x33": "gb18030",
}

_OFTEN = 0.05
"""Share of a text's characters that are ASCII, in any language: delimiters, digits, line ends."""

_MOSTLY, _SELDOM = 0.9, 0.1
"""Shares that allow for some characters, or some broken bytes, that are unlike the others."""


def mark(head: bytes) -> tuple[str, int] | None:
    """The encoding whose byte order mark `head` begins with, and the mark's length."""
    for known, encoding in _MARKS.items():
        if head.startswith(known):
            return encoding, len(known)
    return None


def by_nuls(head: bytes) -> str | None:
    """UTF-16 or UTF-32 where NULs stand in `head` as their ASCII characters have them."""
    if b"\0" not in head:
        return None
    nuls = [head[place::4].count(0) for place in range(4)]
    characters = len(head) // 4
    for encoding, filled in (("utf-32-le", 0), ("utf-32-be", 3)):
        # two of the other bytes are NUL in all but rare characters, and the third in those of ASCII
        few, many, _ = sorted(nuls[:filled] + nuls[filled + 1 :])
        if many > characters * _MOSTLY and few > characters * _OFTEN and nuls[filled] < characters * _SELDOM:
            return encoding
    even, odd = nuls[0] + nuls[2], nuls[1] + nuls[3]
    for encoding, here, there in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if here > max(1, 2 * characters * _OFTEN) and there <= here * _SELDOM:
            return encoding
    return None
