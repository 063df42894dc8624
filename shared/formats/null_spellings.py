"""Texts that stand for a missing value: the list for type inference, and the list for format detection."""

from __future__ import annotations

from typing import Final

NULL_SPELLINGS: Final = ("", "-", "N/A", "NA", "NULL")
"""Exact texts that type inference reads as NULL, if all other values of the column have one type.

They decide what is stored, so the list is short: a word such as `none` or `nan` may be a value. The empty
text is a quoted empty value. A contract has lists of its own, in `null_spellings`.
"""

PLACEHOLDERS: Final = frozenset(
    {"null", "na", "n/a", "nan", "-", "none", "#n/a", "\\n", "?", "inf", "-inf"},
)
"""Texts in lower case that format detection ignores when it decides which type a column seems to have.

They help to find the delimiter and the header, and change no stored value, so the list is long.
"""
