"""Rules for numbers, dates and times, with their bounds, evaluated by Arrow."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts import base

Schema: TypeAlias = dict[str, Any]
"""A node of pydantic's core schema: all that the model does, after annotations and decorators.
https://docs.pydantic.dev/latest/api/pydantic_core_schema/"""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The result of a rule for some texts.

    Where `accepted` is true, the model accepts the text and returns exactly the value in `values`. Elsewhere
    (false or null) the rule does not decide, and the model must validate the text. `accepted` is `None` if
    all texts that are not missing are accepted.
    """

    values: pa.Array[Any]
    accepted: pa.BooleanArray | None = None

    def restrict(self, mask: pa.BooleanArray) -> RuleResult:
        """Return the same values, accepted only where `mask` is true too."""
        if pc.all(mask, min_count=0).as_py():
            return self
        return RuleResult(self.values, mask if self.accepted is None else pc.and_(self.accepted, mask))


class DictionaryEncoding(Enum):
    """Whether a rule reads only the distinct values of a column; finding them also takes time."""

    NEVER = "never"
    IF_FEW = "if few"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Rule:
    """Reads the texts of a field: `read` takes an array of them, with missing ones as null."""

    read: Callable[[pa.StringArray], RuleResult]
    encoding: DictionaryEncoding = DictionaryEncoding.IF_FEW


def undecided(rows: int, kind: Any) -> RuleResult:
    """The result of a column in which all rows are undecided."""
    return RuleResult(pa.nulls(rows, kind), pa.repeat(pa.scalar(False), rows))


def cast_matching(texts: pa.StringArray, shape: str, kind: pa.DataType) -> RuleResult:
    r"""Cast the texts that match `shape` (RE2, from `\A` to `\z`) to `kind`; the others are undecided.

    A cast raises for the whole array because of a single text, so it gets only texts that match.
    """
    fits = pc.match_substring_regex(texts, shape)
    if pc.all(fits, min_count=0).as_py():
        return RuleResult(texts.cast(kind))
    return RuleResult(pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(kind), fits)


def has_only_options(schema: Schema, *options: str) -> bool:
    """Whether `schema` has only these options, which its rule supports, and those that only describe."""
    return schema.keys() <= {"type", "metadata", "ref", "serialization", *options}


BOUND_OPTIONS = ("ge", "gt", "le", "lt")

_COMPARISONS: dict[str, Callable[..., pa.BooleanArray]] = {
    "ge": pc.greater_equal,
    "gt": pc.greater,
    "le": pc.less_equal,
    "lt": pc.less,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits as scalars of the column's own type, so that a comparison converts nothing."""

    limits: tuple[tuple[str, pa.Scalar[Any]], ...]

    def apply(self, result: RuleResult) -> RuleResult:
        """Restrict a result to values within the limits."""
        for name, limit in self.limits:
            result = result.restrict(_COMPARISONS[name](result.values, limit))
        return result


def bounds_of(schema: Schema, kind: pa.DataType, *python_types: type) -> Bounds | None:
    """The bounds in `schema`; `None` if one has another type or `kind` cannot hold it exactly."""
    limits: list[tuple[str, pa.Scalar[Any]]] = []
    for name in BOUND_OPTIONS:
        limit = schema.get(name)
        if limit is None:
            continue
        if type(limit) not in python_types:
            return None
        try:
            scalar = pa.scalar(limit, kind)
        except (pa.ArrowInvalid, OverflowError):
            return None
        limits.append((name, scalar))
    return Bounds(tuple(limits))


_INT64 = r"\A-?(?:[0-9]{1,18}|[0-8][0-9]{18})\z"
"""Plain digits below 9 * 10**18, which 64 bits hold. pydantic accepts more (`+1`, `1_000`, ` 1 `, `1.0`),
Arrow's cast others (`0x1F`); these are read by both as the same number."""

_FLOAT = r"\A[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?\z"
"""Numbers that are never infinite; pydantic and Arrow round alike. The model decides `NaN`, `inf`, `1_0`."""

_ARROW_DIGITS = 38
"""Digits of decimal128. With more, also with zeros at the end, Arrow's cast overflows without an error."""


def integer_rule(schema: Schema) -> Rule | None:
    """The rule for an `int` of 64 bits within bounds that is a multiple of a whole number."""
    kind = pa.int64()
    limits = bounds_of(schema, kind, int)
    step = schema.get("multiple_of")
    if not has_only_options(schema, *BOUND_OPTIONS, "multiple_of") or limits is None:
        return None
    if step is not None and not (type(step) is int and 0 < step < 2**63):
        return None

    def read(texts: pa.StringArray) -> RuleResult:
        result = limits.apply(cast_matching(texts, _INT64, kind))
        if step is None:
            return result
        multiple = pc.multiply(pc.divide(result.values, step), step)
        return result.restrict(pc.equal(multiple, result.values))

    return Rule(read)


def float_rule(schema: Schema) -> Rule | None:
    """The rule for a `float` within bounds."""
    kind = pa.float64()
    limits = bounds_of(schema, kind, int, float)
    if not has_only_options(schema, *BOUND_OPTIONS, "allow_inf_nan") or limits is None:
        return None
    if any(math.isnan(limit.as_py()) for _, limit in limits.limits):
        return None
    return Rule(lambda texts: limits.apply(cast_matching(texts, _FLOAT, kind)))


def decimal_rule(schema: Schema) -> Rule | None:
    """The rule for a `Decimal` of at most `max_digits` with `decimal_places`, within bounds.

    pydantic removes zeros at the end before it counts, so `1.10000` has one place and is accepted.
    """
    digits, places = schema.get("max_digits"), schema.get("decimal_places")
    if not has_only_options(schema, *BOUND_OPTIONS, "max_digits", "decimal_places", "allow_inf_nan"):
        return None
    # Without a digit before the point pydantic rejects `0`: a special case that is left to the model.
    if digits is None or places is None or not 0 <= places < digits <= _ARROW_DIGITS:
        return None
    kind = pa.decimal128(digits, places)
    limits = bounds_of(schema, kind, int, Decimal)
    if limits is None:
        return None
    zeros = _ARROW_DIGITS - digits
    fraction = rf"(?:\.[0-9]{{1,{places}}}0{{0,{zeros}}})?" if places else ""
    shape = rf"\A-?0*[0-9]{{1,{digits - places}}}{fraction}\z"
    return Rule(lambda texts: limits.apply(cast_matching(texts, shape, kind)))


_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
"""A day that exists, years 0001 to 9999: the cast raises for the whole column because of 2019-02-30."""
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"

_WITHOUT_ZONE = rf"\A{_DATE}(?:[T ]{_TIME})?\z"
_WITH_ZONE = rf"\A{_DATE}[T ]{_TIME}{_ZONE}\z"

_DAY_CHECK = base.require_iso_date
_CHECKS = ((base.require_iso_datetime, False), (base.require_zoned_datetime, True))
"""The checks that contracts have before a datetime, and whether each is for one with a zone.

They and `_DAY_CHECK` accept all texts that match the patterns here, and do not change them."""


def date_rule(schema: Schema) -> Rule | None:
    """The rule for a `date` within bounds."""
    kind = pa.date32()
    limits = bounds_of(schema, kind, date)
    if not has_only_options(schema, *BOUND_OPTIONS) or limits is None:
        return None
    shape = rf"\A{_DATE}\z"
    return Rule(lambda texts: limits.apply(cast_matching(texts, shape, kind)))


def datetime_rule(schema: Schema) -> Rule | None:
    """The rule for a `datetime` within bounds: with a zone if the model requires one, else without."""
    constraint = schema.get("tz_constraint")
    if constraint not in {None, "aware", "naive"}:
        return None
    has_zone = constraint == "aware"
    limits = [limit for name in BOUND_OPTIONS if (limit := schema.get(name)) is not None]
    if not has_only_options(schema, *BOUND_OPTIONS, "tz_constraint", "microseconds_precision"):
        return None
    if any(type(limit) is datetime and (limit.tzinfo is not None) is not has_zone for limit in limits):
        return None
    kind = pa.timestamp("us", "UTC") if has_zone else pa.timestamp("us")
    shape = _WITH_ZONE if has_zone else _WITHOUT_ZONE
    bounds = bounds_of(schema, kind, datetime)
    return None if bounds is None else Rule(lambda texts: bounds.apply(cast_matching(texts, shape, kind)))


def checked_datetime_rule(schema: Schema) -> Rule | None:
    """The rule for `contracts.base.Date`, `Timestamp` and `TimestampTz`: a time with a check before it."""
    function, inner = schema["function"], schema["schema"]
    if not has_only_options(schema, "function", "schema") or function["type"] != "no-info":
        return None
    if inner["type"] == "date" and function["function"] is _DAY_CHECK:
        return date_rule(inner)
    if inner["type"] != "datetime":
        return None
    has_zone = inner.get("tz_constraint") == "aware"
    if (function["function"], has_zone) not in _CHECKS:
        return None
    return datetime_rule(inner)
