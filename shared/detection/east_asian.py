"""East Asian encodings: those from before Unicode with several bytes for a character."""

from __future__ import annotations

import re
from itertools import pairwise

_ALL = ["cp932", "euc_jp", "gb18030", "big5", "cp949", "shift_jis", "iso2022_jp"]

_ESCAPES = re.compile(rb"\x1b\$(?:[@B]|\([CD]|\)C|A)")
_ESCAPED = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2", "iso2022_jp_ext")
"""Encodings that leave ASCII by an escape sequence, all of whose bytes are ASCII."""

_PAIR = rb"(?:[\x88-\x97][@-~\x80-\xfc]|\x98[@-r]|\x82[\x4f-\xf1]|\x83[@-\x96])"
_JAPANESE = re.compile(
    rb"(?:[\0-\x7f]|(?<![A-Za-z])(?:"
    + _PAIR
    + rb"|\x81[@-\x5b\x69\x6a\x75-\x7a]|[\xa6-\xdf])++(?![A-Za-z]))*+"
)
"""Shift JIS with kana and the more usual kanji, apart from Latin letters."""


def escaped(head: bytes) -> str | None:
    """The encoding of `head` that leaves ASCII by escape sequences, if it has one and fits it."""
    if not _ESCAPES.search(head):
        return None
    for name in _ESCAPED:
        try:
            head[: head.rfind(b"\n") + 1 or None].decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def is_japanese(lines: bytes) -> bool:
    """Whether all that is beyond ASCII are pairs of Shift JIS for usual characters, in words of their own."""
    return _JAPANESE.fullmatch(lines) is not None and re.search(_PAIR, lines) is not None


def asked(lines: bytes) -> str | None:
    """What charset-normalizer says of the encodings that need several bytes for a character."""
    import charset_normalizer  # noqa: PLC0415  # takes a while, and most files are UTF-8

    found = charset_normalizer.from_bytes(lines, cp_isolation=_ALL).best()
    if found is None or not any(high for high, _ in pairwise(lines) if high > 0x7F):  # noqa: PLR2004
        return None
    return found.encoding
