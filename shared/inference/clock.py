"""Whether all texts of an array are times of one kind, told without a regular expression."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shared.inference.kinds import Kind
from shared.inference.letters import Letters

_FIRST: dict[Kind, pa.Scalar[Any]] = {
    Kind.DATE: pa.scalar(date.min, pa.date32()),
    Kind.TIMESTAMP: pa.scalar(datetime.min, pa.timestamp("us")),  # noqa: DTZ901 - it has none
    Kind.TIMESTAMPTZ: pa.scalar(datetime(1, 1, 2, tzinfo=UTC), pa.timestamp("us", "UTC")),
}
"""Arrow knows a year 0, which neither Python nor the rules do; with a zone, a day more keeps clear of it."""

_LAST = pa.scalar(datetime.max.replace(tzinfo=UTC), pa.timestamp("us", "UTC"))
_EDGES = pa.array(["0001-01-01", "9999-12-31"])
"""Days that are in another year in UTC for some zones."""

_DATE, _TIME = len("2019-07-01"), len("2019-07-01 10:30")
_COLON = len("2019-07-01 10")
_ZONES = (len("+0200"), len("+02:00"))


def are_all(texts: pa.StringArray, kind: Kind) -> bool:
    """Whether validation's rule surely takes each of `texts`, of which there are some; `False` is no answer.

    Arrow's cast reads the same ISO 8601 but for hours without minutes, zones without them, and the year 0.
    """
    letters = Letters(texts)
    shortest = int(letters.lengths.min())
    if kind is Kind.DATE:
        looks_so = shortest == int(letters.lengths.max()) == _DATE
    elif kind is Kind.TIMESTAMP:
        looks_so = _have_minutes(letters, letters.lengths != _DATE)
    else:
        looks_so = shortest > _TIME and _have_minutes(letters) and _have_zones(letters)
    return looks_so and _are_cast(texts, kind)


def _have_minutes(letters: Letters, where: Any = True) -> bool:
    starts, lengths = letters.starts[where], letters.lengths[where]
    # A text that is too short has no letter there, and one behind it might be past the end.
    return bool((lengths >= _TIME).all() and (letters.bytes[starts + _COLON] == ord(":")).all())


def _have_zones(letters: Letters) -> bool:
    zoned = letters.bytes[letters.ends - 1] == ord("Z")
    for length in _ZONES:
        sign = letters.bytes[letters.ends - length]
        zoned |= (sign == ord("+")) | (sign == ord("-"))
    return bool(zoned.all())


def _are_cast(texts: pa.StringArray, kind: Kind) -> bool:
    try:
        values: Any = texts.cast(_FIRST[kind].type)
    except pa.ArrowInvalid:
        return False
    is_late = kind is Kind.TIMESTAMPTZ and pc.greater(pc.max(values), _LAST).as_py()
    return not is_late and bool(pc.greater_equal(pc.min(values), _FIRST[kind]).as_py())


def are_in_range(texts: pa.StringArray) -> Any:
    """Which of `texts`, times with a zone, are in the years 1 to 9999 in UTC too: Python knows no others."""
    at_edge: Any = pc.is_in(pc.utf8_slice_codeunits(texts, 0, _DATE), value_set=_EDGES)
    if not pc.any(at_edge, min_count=0).as_py():
        return pc.invert(at_edge)
    pairs = zip(at_edge.to_pylist(), texts.to_pylist(), strict=True)
    return pa.array([not edge or _is_in_range(text or "") for edge, text in pairs], pa.bool_())


def _is_in_range(text: str) -> bool:
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (OverflowError, ValueError):
        return False
    return True
