"""Rules for texts: lengths, patterns, booleans, enumerations and literals."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shared.validation.rules import DictionaryEncoding, Rule, RuleResult, Schema, has_only_options

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


def is_supported_pattern(pattern: object) -> bool:
    """Whether `pattern` is of the common syntax; a compiled one is Python's own dialect and is not."""
    if type(pattern) is not str or not _UNDERSTOOD.fullmatch(pattern):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def match_pattern(texts: pa.StringArray, pattern: str) -> pa.BooleanArray:
    r"""Whether `pattern` is found in each text, false too where the engines might differ about it.

    Both search, and to both `^` and `$` are the text's ends, `$` not before a last line break. Beyond ASCII
    and among control characters they differ in what `\s`, `\d`, `\w` and `.` are.
    """
    return pc.and_(pc.match_substring_regex(texts, pattern), pc.ascii_is_printable(texts))


_STRIPPED = r"\A(?:[!-~](?s:.*[!-~])?)?\z"
"""Begins and ends with printable ASCII other than a blank: stripping leaves it as it is."""
_WIDEST = 4
"""Bytes of a code point in UTF-8, at most."""


def text_rule(schema: Schema) -> Rule | None:
    """`str` of `min_length` to `max_length` code points, with a `pattern` found in it."""
    if not has_only_options(schema, "min_length", "max_length", "pattern", "strip_whitespace"):
        return None
    pattern, stripped = schema.get("pattern"), bool(schema.get("strip_whitespace"))
    least, most = schema.get("min_length") or 0, schema.get("max_length")
    if pattern is not None and not is_supported_pattern(pattern):
        return None

    def read(texts: pa.StringArray) -> RuleResult:
        known = _of_length(texts, least, most)
        if pattern is not None:
            known = known.only(match_pattern(texts, pattern))
        return known.only(pc.match_substring_regex(texts, _STRIPPED)) if stripped else known

    return Rule(
        read, DictionaryEncoding.NEVER if pattern is None and not stripped else DictionaryEncoding.IF_FEW
    )


def _of_length(texts: pa.StringArray, least: int, most: int | None) -> RuleResult:
    size: Any = pc.min_max(pc.binary_length(texts))
    shortest, longest = size["min"].as_py(), size["max"].as_py()
    if shortest is None:
        return RuleResult(texts)
    # Bytes are known without reading the text, and bound the code points from both sides.
    if (most is None or longest <= most) and shortest > (least - 1) * _WIDEST:
        return RuleResult(texts)
    length: Any = pc.utf8_length(texts)
    known = RuleResult(texts).only(pc.greater_equal(length, pa.scalar(least)))
    return known if most is None else known.only(pc.less_equal(length, pa.scalar(most)))


_TRUE = pa.array(["1", "on", "t", "true", "y", "yes"])
_FALSE = pa.array(["0", "f", "false", "n", "no", "off"])
"""pydantic's spellings, in any case: https://docs.pydantic.dev/latest/api/standard_library_types/#booleans"""


def boolean_rule(schema: Schema) -> Rule | None:
    """`bool`."""
    return Rule(_read_boolean) if has_only_options(schema) else None


def _read_boolean(texts: pa.StringArray) -> RuleResult:
    lower = pc.ascii_lower(texts)
    true = pc.is_in(lower, value_set=_TRUE)
    return RuleResult(true).only(pc.or_(true, pc.is_in(lower, value_set=_FALSE)))


def enum_rule(schema: Schema) -> Rule | None:
    """An `Enum` whose values are texts: the values are the column's."""
    # `missing` is only asked about what is no value of a member.
    if not has_only_options(schema, "cls", "members", "sub_type", "missing"):
        return None
    return _one_of([member.value for member in schema["members"]])


def literal_rule(schema: Schema) -> Rule | None:
    """`Literal` of texts."""
    return _one_of(schema["expected"]) if has_only_options(schema, "expected") else None


def _one_of(values: list[object]) -> Rule | None:
    if any(type(value) is not str for value in values):
        return None
    allowed = pa.array(values, pa.string())
    return Rule(lambda texts: RuleResult(texts).only(pc.is_in(texts, value_set=allowed)))
