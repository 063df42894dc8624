"""Field types for random contracts, each with texts that are valid, nearly valid, and neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    NaiveDatetime,
    StringConstraints,
)

from shared.contracts.base import BigInt, Date, Timestamp, TimestampTz


class Colour(StrEnum):
    """Texts that are members."""

    RED = "red"
    GREEN = "green"


class Size(Enum):
    """Members that have texts."""

    SMALL = "S"
    LARGE = "L "


def _shout(value: str) -> str:
    if "x" in value:
        raise ValueError("no x")
    return value.upper()


def _without_commas(value: Any) -> Any:
    return value.replace(",", "") if isinstance(value, str) else value


@dataclass(frozen=True)
class Kind:
    """A type, its constraints by strategy, and texts that are likely of it."""

    annotation: st.SearchStrategy[Any]
    texts: st.SearchStrategy[str]
    default: st.SearchStrategy[Any]


def _some(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


def _with(kind: Any, options: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    def made(found: dict[str, Any]) -> Any:
        return Annotated[kind, Field(**found)] if found else kind

    return options.map(made)


_PATTERNS = st.sampled_from(
    [
        r"^[^@\s]+@[^@\s]+$",
        r"^a$",
        r"a",
        r"^\w+$",
        r"\d",
        r"^.$",
        r"^[a-c]{1,3}$",
        r"(?i)^k$",
        r"\bb",
        r"^[\w.-]+$",
        r"^(?:a|b\.)*$",
        r"[^\d]$",
        r"\S\s\S",
        r"^$",
        r"^(a|)b?\D",
        r"[[:alpha:]]",
        r"^[a-z&&[^b]]+$",
        r"\pL",
        r"a|^\W",
    ]
)
_SMALL = st.integers(-20, 20)


def _ordered(limits: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {"ge": limits, "gt": limits, "le": limits, "lt": limits}


_INT = _some(**_ordered(_SMALL), multiple_of=st.integers(1, 7))
_FLOAT = _some(
    **_ordered(_SMALL | st.floats(-9, 9)),
    multiple_of=st.sampled_from([0.1, 0.5, 3]),
    allow_inf_nan=st.booleans(),
)


@st.composite
def _decimal(draw: st.DrawFn) -> Any:
    digits = draw(st.integers(1, 38) | st.integers(1, 6))
    options = draw(
        _some(**_ordered(_SMALL | st.decimals(-99, 99, places=2)), multiple_of=st.just(Decimal("0.5")))
    )
    places = draw(st.integers(0, digits))
    return Annotated[Decimal, Field(max_digits=digits, decimal_places=places, **options)]


_DAYS = st.dates() | st.sampled_from([date(2019, 1, 1), date(2020, 2, 29)])
_MOMENTS = st.datetimes() | st.just(datetime.fromisoformat("2019-01-01 10:30"))
_ZONED_MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))]))
_ZONES = st.sampled_from(["", "Z", "+01:00", "-0530"])
_MOMENT_TEXTS: st.SearchStrategy[str] = st.builds(
    lambda at, zone: f"{at}{zone}", _MOMENTS, _ZONES
) | st.builds(lambda at, zone: f"{at.isoformat()}{zone}", _MOMENTS, _ZONES)
_CHARACTERS: st.SearchStrategy[str] = st.text("abkx1@. \n\u00e9\U0001f3f3\u00a0", max_size=5)
_DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3)
_MANY_DIGITS: st.SearchStrategy[str] = st.from_regex(r"\A-?[0-9]{1,38}(\.[0-9]{1,38})?\Z")

KINDS: dict[str, Kind] = {
    "text": Kind(
        _with(str, _some(min_length=st.integers(0, 3), max_length=st.integers(1, 4), pattern=_PATTERNS)),
        _CHARACTERS,
        st.just("a"),
    ),
    "stripped": Kind(
        st.sampled_from(
            [
                Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)],
                Annotated[str, StringConstraints(strip_whitespace=True, pattern="^a")],
                Annotated[str, StringConstraints(to_lower=True)],
            ]
        ),
        _CHARACTERS,
        st.just("a"),
    ),
    "checked": Kind(
        st.sampled_from(
            [Annotated[str, AfterValidator(_shout)], Annotated[BigInt, BeforeValidator(_without_commas)]]
        ),
        st.sampled_from(["1,000", "1", "x", "ab"]),
        st.none(),
    ),
    "whole": Kind(
        st.builds(lambda inner: Annotated[BigInt, inner], _INT.map(lambda found: Field(**found))),
        st.integers(-30, 30).map(str) | st.integers(-(2**63), 2**63 - 1).map(str),
        st.just(5),
    ),
    "floating": Kind(
        _with(float, _FLOAT), st.floats().map(repr) | _SMALL.map(str), st.sampled_from([1.0, 2.5])
    ),
    "exact": Kind(_decimal(), _DECIMALS.map(str) | _SMALL.map(str) | _MANY_DIGITS, st.just(Decimal(0))),
    "flag": Kind(st.just(bool), st.sampled_from(["true", "false", "0", "Y", "oN"]), st.booleans()),
    "day": Kind(_with(date, _some(**_ordered(_DAYS))) | st.just(Date), _DAYS.map(str), _DAYS),
    "moment": Kind(
        _with(datetime, _some()) | st.sampled_from([NaiveDatetime, Timestamp]), _MOMENT_TEXTS, _MOMENTS
    ),
    "bounded moment": Kind(_with(NaiveDatetime, _some(**_ordered(_MOMENTS))), _MOMENT_TEXTS, _MOMENTS),
    "bounded zoned moment": Kind(
        _with(AwareDatetime, _some(**_ordered(_ZONED_MOMENTS))), _MOMENT_TEXTS, st.none()
    ),
    "zoned moment": Kind(st.sampled_from([AwareDatetime, TimestampTz]), _MOMENT_TEXTS, st.none()),
    "choice": Kind(
        st.sampled_from([Colour, Size, Literal["red", "S", ""]]),
        st.sampled_from(["red", "S", "L ", "green"]),
        st.none(),
    ),
    "strict": Kind(
        st.sampled_from([Annotated[BigInt, Field(strict=True)], Annotated[str, Field(strict=True)]]),
        st.sampled_from(["1", "a"]),
        st.none(),
    ),
}
