"""Regular expressions of a contract, as far as Arrow's engine (RE2) surely agrees with pydantic's (Rust)."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_LITERAL = r"[A-Za-z0-9 _@,:;=!\"'#%/<>`~&-]"
_ESCAPED = r"\\(?:[dDwWsS]|[.+*?()|\[\]{}^$@/,:;=!\"'#%&~-])"
_RANGE = "[A-Za-z0-9]-[A-Za-z0-9]"
_MEMBER = r"[A-Za-z0-9 _@.,:;=!\"'#%/<>$()*+?{}|]"
_ITEM = rf"(?:(?:{_RANGE}|{_MEMBER}|{_ESCAPED})(?!-[^\]]))"
_CLASS = rf"\[\^?-?{_ITEM}+-?\]"
_GROUP = r"\((?:\?:)?(?![?*+{])"
_QUANTIFIER = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??"
_UNDERSTOOD = re.compile(
    rf"(?:\^|\$|\||{_GROUP}|(?:{_LITERAL}|{_ESCAPED}|{_CLASS}|\.|\))(?:{_QUANTIFIER})?)*"
)
"""What means the same to both: literals, classes without set operations, groups, `|`, `^`, `$`, counts."""


def is_understood(pattern: object) -> bool:
    """Whether `pattern` is of the common syntax; a compiled one is Python's own dialect and is not."""
    if type(pattern) is not str or not _UNDERSTOOD.fullmatch(pattern):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def match(texts: pa.StringArray, pattern: str) -> pa.BooleanArray:
    r"""Whether `pattern` is found in each text, false too where the engines might differ about it.

    Both search, and to both `^` and `$` are the text's ends, `$` not before a last line break. Beyond ASCII
    and among control characters they differ in what `\s`, `\d`, `\w` and `.` are.
    """
    return pc.and_(pc.match_substring_regex(texts, pattern), pc.ascii_is_printable(texts))
