"""Cells: what kind of value a text looks like, roughly and fast; types are inferred elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal

Kind = Literal["empty", "number", "time", "truth", "text"]

UNTYPED: frozenset[Kind] = frozenset({"text", "empty"})
_NUMBER = re.compile(
    r"[(+-]?(?:[$€£¥]|[A-Z]{3})?\s?[+-]?"
    r"(?:\d[\d.,'\u2019_\u00a0 ]*|\.\d+)(?:[eE][+-]?\d+)?"
    r"\s?(?:%|[$€£¥]|[A-Z]{3})?\)?-?"
)
_TIME = re.compile(
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4})?(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
    r"\s?(?:[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?"
)
_TRUTH = frozenset({"true", "false", "yes", "no", "ja", "nein", "t", "f", "y", "n"})
_MISSING = frozenset({"null", "na", "n/a", "nan", "-", "none", "#n/a", "\\n", "?", "inf", "-inf"})


def kind(text: str) -> Kind:
    """What `text` looks like; spellings of a missing value are `empty`."""
    bare = text.strip()
    if not bare:
        return "empty"
    word = bare.lower()
    if word in _MISSING:
        return "empty"
    if word in _TRUTH:
        return "truth"
    if not any(map(str.isdigit, bare)):
        return "text"
    if _TIME.fullmatch(bare):
        return "time"
    return "number" if _NUMBER.fullmatch(bare) else "text"


def column_kind(texts: Iterable[str]) -> Kind:
    """The kind that all of `texts` have in common, `text` where they have none."""
    kinds = {found for text in texts if (found := kind(text)) != "empty"}
    return kinds.pop() if len(kinds) == 1 else "text" if kinds else "empty"


def plausibility(text: str, foreign: Collection[str]) -> float:
    """How much `text`, which is not quoted, looks like a whole value, 0 to 1.

    `foreign` are delimiters that the value should not have, were it one.
    """
    if kind(text) != "text":
        return 1.0
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":  # noqa: PLR2004
        return 0.1  # quotes that were not taken for such
    if any(char in text for char in foreign):
        return 0.1 if any(char in text and f"{char} " not in text for char in foreign) else 0.8
    if text.startswith(" ") or "," in text:
        return 0.8
    return 1.0
