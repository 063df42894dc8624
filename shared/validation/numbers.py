"""Whole, floating and exact numbers."""

from __future__ import annotations

import math
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from shared.validation import bounds
from shared.validation.rule import Known, Rule, Schema, is_plain, shaped

_INT64 = r"\A-?(?:[0-9]{1,18}|[0-8][0-9]{18})\z"
"""Plain digits below 9 * 10**18, which 64 bits hold. pydantic takes more (`+1`, `1_000`, ` 1 `, `1.0`) and
Arrow's cast other things (`0x1F`): here are those that both take, and take for the same number."""

_FLOAT = r"\A[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?\z"
"""Numbers that are never infinite; both sides round correctly. `NaN`, `inf`, `1_0` are left to the model."""

_ARROW_DIGITS = 38
"""Digits of decimal128. With more, zeros at the end too, Arrow's cast overflows and says nothing."""


def integer(schema: Schema) -> Rule | None:
    """`int` in 64 bits, bounded, a multiple of a whole number."""
    kind = pa.int64()
    limits = bounds.bounds_of(schema, kind, int)
    step = schema.get("multiple_of")
    if not is_plain(schema, *bounds.NAMES, "multiple_of") or limits is None:
        return None
    if step is not None and not (type(step) is int and 0 < step < 2**63):
        return None

    def read(texts: pa.StringArray) -> Known:
        known = limits.hold(shaped(texts, _INT64, kind))
        if step is None:
            return known
        whole = pc.multiply(pc.divide(known.values, step), step)
        return known.only(pc.equal(whole, known.values))

    return Rule(read)


def floating(schema: Schema) -> Rule | None:
    """`float`, bounded."""
    kind = pa.float64()
    limits = bounds.bounds_of(schema, kind, int, float)
    if not is_plain(schema, *bounds.NAMES, "allow_inf_nan") or limits is None:
        return None
    if any(math.isnan(limit.as_py()) for _, limit in limits.limits):
        return None
    return Rule(lambda texts: limits.hold(shaped(texts, _FLOAT, kind)))


def decimal(schema: Schema) -> Rule | None:
    """`Decimal` of at most `max_digits` with `decimal_places`, bounded.

    pydantic leaves out zeros at the end before it counts, so `1.10000` has one place and is accepted.
    """
    digits, places = schema.get("max_digits"), schema.get("decimal_places")
    if not is_plain(schema, *bounds.NAMES, "max_digits", "decimal_places", "allow_inf_nan"):
        return None
    # With no digit before the point, pydantic refuses `0`: too particular for a rule.
    if digits is None or places is None or not 0 <= places < digits <= _ARROW_DIGITS:
        return None
    kind = pa.decimal128(digits, places)
    limits = bounds.bounds_of(schema, kind, int, Decimal)
    if limits is None:
        return None
    zeros = _ARROW_DIGITS - digits
    fraction = rf"(?:\.[0-9]{{1,{places}}}0{{0,{zeros}}})?" if places else ""
    shape = rf"\A-?0*[0-9]{{1,{digits - places}}}{fraction}\z"
    return Rule(lambda texts: limits.hold(shaped(texts, shape, kind)))
