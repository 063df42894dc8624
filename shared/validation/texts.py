"""Texts: lengths, patterns, white space at the ends."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shared.validation import patterns
from shared.validation.rule import Encoding, Known, Rule, Schema, is_plain

_STRIPPED = r"\A(?:[!-~](?s:.*[!-~])?)?\z"
"""Begins and ends with printable ASCII other than a blank: stripping leaves it as it is."""
_WIDEST = 4
"""Bytes of a code point in UTF-8, at most."""


def text(schema: Schema) -> Rule | None:
    """`str` of `min_length` to `max_length` code points, with a `pattern` found in it."""
    if not is_plain(schema, "min_length", "max_length", "pattern", "strip_whitespace"):
        return None
    pattern, stripped = schema.get("pattern"), bool(schema.get("strip_whitespace"))
    least, most = schema.get("min_length") or 0, schema.get("max_length")
    if pattern is not None and not patterns.is_understood(pattern):
        return None

    def read(texts: pa.StringArray) -> Known:
        known = _of_length(texts, least, most)
        if pattern is not None:
            known = known.only(patterns.match(texts, pattern))
        return known.only(pc.match_substring_regex(texts, _STRIPPED)) if stripped else known

    return Rule(read, Encoding.NEVER if pattern is None and not stripped else Encoding.IF_FEW)


def _of_length(texts: pa.StringArray, least: int, most: int | None) -> Known:
    size: Any = pc.min_max(pc.binary_length(texts))
    shortest, longest = size["min"].as_py(), size["max"].as_py()
    if shortest is None:
        return Known(texts)
    # Bytes are known without reading the text, and bound the code points from both sides.
    if (most is None or longest <= most) and shortest > (least - 1) * _WIDEST:
        return Known(texts)
    length: Any = pc.utf8_length(texts)
    known = Known(texts).only(pc.greater_equal(length, pa.scalar(least)))
    return known if most is None else known.only(pc.less_equal(length, pa.scalar(most)))
