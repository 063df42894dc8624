"""Dates, and dates with a time, with a zone or without."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from shared.contracts import base
from shared.validation import bounds
from shared.validation.rule import Rule, Schema, is_plain, shaped

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    rf"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
"""A day that exists, years 0001 to 9999: a cast would raise for the whole column because of 2019-02-30."""
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = "(?:Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])"

_PLAIN = rf"\A{_DATE}(?:[T ]{_TIME})?\z"
_ZONED = rf"\A{_DATE}[T ]{_TIME}{_ZONE}\z"

_DAY_CHECK = base.require_iso_date
_CHECKS = ((base.require_iso_datetime, False), (base.require_zoned_datetime, True))
"""The contract's own checks before a date and a datetime, and whether each of these is for one with a zone.
They let all texts of the shape here through, unchanged."""


def day(schema: Schema) -> Rule | None:
    """`date`, bounded."""
    kind = pa.date32()
    limits = bounds.bounds_of(schema, kind, date)
    if not is_plain(schema, *bounds.NAMES) or limits is None:
        return None
    shape = rf"\A{_DATE}\z"
    return Rule(lambda texts: limits.hold(shaped(texts, shape, kind)))


def moment(schema: Schema) -> Rule | None:
    """`datetime`, bounded: with a zone where the model demands one, else only those without."""
    constraint = schema.get("tz_constraint")
    if constraint not in {None, "aware", "naive"}:
        return None
    zoned = constraint == "aware"
    limits = [limit for name in bounds.NAMES if (limit := schema.get(name)) is not None]
    if not is_plain(schema, *bounds.NAMES, "tz_constraint", "microseconds_precision"):
        return None
    if any(type(limit) is datetime and (limit.tzinfo is not None) is not zoned for limit in limits):
        return None
    kind = pa.timestamp("us", "UTC") if zoned else pa.timestamp("us")
    shape = _ZONED if zoned else _PLAIN
    held = bounds.bounds_of(schema, kind, datetime)
    return None if held is None else Rule(lambda texts: held.hold(shaped(texts, shape, kind)))


def checked_moment(schema: Schema) -> Rule | None:
    """`contracts.base.Date`, `Timestamp` and `TimestampTz`: a time behind the contract's own check."""
    function, inner = schema["function"], schema["schema"]
    if not is_plain(schema, "function", "schema") or function["type"] != "no-info":
        return None
    if inner["type"] == "date" and function["function"] is _DAY_CHECK:
        return day(inner)
    if inner["type"] != "datetime":
        return None
    zoned = inner.get("tz_constraint") == "aware"
    if not any(function["function"] is check and is_zoned is zoned for check, is_zoned in _CHECKS):
        return None
    return moment(inner)
