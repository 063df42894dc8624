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
_SUPPORTED = re.compile(rf"(?:\^|\$|\||{_GROUP}|(?:{_LITERAL}|{_ESCAPED}|{_CLASS}|\.|\))(?:{_QUANTIFIER})?)*")
"""Syntax with the same meaning for pydantic and Arrow: literals, classes without set operations, groups, `|`,
`^`, `$`, counts."""


def is_supported_pattern(pattern: object) -> bool:
    """Whether `pattern` has only common syntax; compiled patterns, in Python's syntax, are not supported."""
    if type(pattern) is not str or not _SUPPORTED.fullmatch(pattern):
        return False
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True


def match_pattern(texts: pa.StringArray, pattern: str) -> pa.BooleanArray:
    r"""Whether `pattern` matches somewhere in each text; false too where pydantic and Arrow might differ.

    For both `^` and `$` are the ends of the text, `$` not before a last line break. They differ in what `\s`,
    `\d`, `\w` and `.` match beyond ASCII and among control characters.
    """
    return pc.and_(pc.match_substring_regex(texts, pattern), pc.ascii_is_printable(texts))


_STRIPPED = r"\A(?:[!-~](?s:.*[!-~])?)?\z"
"""Begins and ends with printable ASCII other than a space: stripping does not change the text."""
_MAX_CODE_POINT_BYTES = 4
"""Bytes of a code point in UTF-8."""


def text_rule(schema: Schema) -> Rule | None:
    """The rule for a `str` of `min_length` to `max_length` code points that matches `pattern`."""
    if not has_only_options(schema, "min_length", "max_length", "pattern", "strip_whitespace"):
        return None
    pattern, stripped = schema.get("pattern"), bool(schema.get("strip_whitespace"))
    min_length, max_length = schema.get("min_length") or 0, schema.get("max_length")
    if pattern is not None and not is_supported_pattern(pattern):
        return None

    def read(texts: pa.StringArray) -> RuleResult:
        result = _with_length(texts, min_length, max_length)
        if pattern is not None:
            result = result.restrict(match_pattern(texts, pattern))
        return result.restrict(pc.match_substring_regex(texts, _STRIPPED)) if stripped else result

    return Rule(
        read, DictionaryEncoding.NEVER if pattern is None and not stripped else DictionaryEncoding.IF_FEW
    )


def _with_length(texts: pa.StringArray, min_length: int, max_length: int | None) -> RuleResult:
    size: Any = pc.min_max(pc.binary_length(texts))
    shortest, longest = size["min"].as_py(), size["max"].as_py()
    if shortest is None:
        return RuleResult(texts)
    # The number of bytes is known without reading the text, and limits the number of code points.
    if (max_length is None or longest <= max_length) and shortest > (min_length - 1) * _MAX_CODE_POINT_BYTES:
        return RuleResult(texts)
    length: Any = pc.utf8_length(texts)
    result = RuleResult(texts).restrict(pc.greater_equal(length, pa.scalar(min_length)))
    return result if max_length is None else result.restrict(pc.less_equal(length, pa.scalar(max_length)))


_TRUE = pa.array(["1", "on", "t", "true", "y", "yes"])
_FALSE = pa.array(["0", "f", "false", "n", "no", "off"])
"""The texts that pydantic accepts, in any case: https://docs.pydantic.dev/latest/api/standard_library_types/#booleans"""


def boolean_rule(schema: Schema) -> Rule | None:
    """The rule for a `bool`."""
    return Rule(_read_boolean) if has_only_options(schema) else None


def _read_boolean(texts: pa.StringArray) -> RuleResult:
    lower = pc.ascii_lower(texts)
    true = pc.is_in(lower, value_set=_TRUE)
    return RuleResult(true).restrict(pc.or_(true, pc.is_in(lower, value_set=_FALSE)))


def enum_rule(schema: Schema) -> Rule | None:
    """The rule for an `Enum` whose values are texts; the column has these values."""
    # `missing` is only called for texts that are not the value of a member.
    if not has_only_options(schema, "cls", "members", "sub_type", "missing"):
        return None
    return _one_of([member.value for member in schema["members"]])


def literal_rule(schema: Schema) -> Rule | None:
    """The rule for a `Literal` of texts."""
    return _one_of(schema["expected"]) if has_only_options(schema, "expected") else None


def _one_of(values: list[object]) -> Rule | None:
    if any(type(value) is not str for value in values):
        return None
    allowed = pa.array(values, pa.string())
    return Rule(lambda texts: RuleResult(texts).restrict(pc.is_in(texts, value_set=allowed)))
