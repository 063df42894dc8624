"""Types of inferred columns, and the narrowest type that holds all values of two of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_DIGITS = 38
"""Digits of a number that is kept as one: those of Arrow's decimal128, in which decimals travel."""


class Kind(StrEnum):
    """What a column's values are; the value is the type of the table's column."""

    NOTHING = "nothing"
    """No value was seen yet: every type still fits. Its column is text."""
    BOOLEAN = "boolean"
    BIGINT = "bigint"
    NUMERIC = "numeric"
    DOUBLE = "double precision"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, and for numbers how large they were.

    `whole` and `places` are the most digits before and behind the point of numbers without an exponent.
    `as_double` says whether double precision holds each of them, so that its shortest text is the number.
    """

    kind: Kind
    whole: int = 0
    places: int = 0
    as_double: bool = True

    def __str__(self) -> str:
        if self.kind is not Kind.NUMERIC:
            return str(self.kind)
        return f"{self.kind}({self.whole + self.places}, {self.places})"


NOTHING = Type(Kind.NOTHING)
TEXT = Type(Kind.TEXT)

EXACT = (Kind.BIGINT, Kind.DATE, Kind.TEXT)
"""Kinds of which a value has one text alone, so that a column widened to text has the texts of its files."""

NUMBERS = (Kind.BIGINT, Kind.NUMERIC, Kind.DOUBLE)
"""From narrow to wide."""


def widen(one: Type, other: Type) -> Type:
    """The narrowest type that holds the values of both, which loses none of them: text, where no other does.

    bigint → numeric → double precision or text, date → timestamp → text, anything else → text. Numbers with
    an exponent make numbers double precision only where that holds each of those exactly. A time with a zone
    and one without are no common type: which zone the second one means would be a guess. The function is
    associative, commutative and idempotent, so the order of values, batches and files does not matter.
    """
    if one == other or other.kind is Kind.NOTHING:
        return one
    if one.kind is Kind.NOTHING:
        return other
    if one.kind in NUMBERS and other.kind in NUMBERS:
        return _number(one, other)
    if {one.kind, other.kind} == {Kind.DATE, Kind.TIMESTAMP}:
        return Type(Kind.TIMESTAMP)
    return TEXT


def _number(one: Type, other: Type) -> Type:
    kind = max(one.kind, other.kind, key=NUMBERS.index)
    made = Type(
        kind,
        max(one.whole, other.whole),
        max(one.places, other.places),
        one.as_double and other.as_double,
    )
    if made.whole + made.places > MOST_DIGITS or (kind is Kind.DOUBLE and not made.as_double):
        return TEXT
    return made
