"""Types of inferred columns, and the narrowest type that holds the values of two types."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.column_types import COLUMN_TYPES, MAX_DIGITS, ColumnType, Kind


@dataclass(frozen=True, slots=True)
class Type:
    """The type of the values of a column.

    `whole` and `places` are the largest numbers of digits before and behind the point, for numbers without an
    exponent. `as_double` says whether double precision holds each of them, so that the shortest text of the
    double is the number.
    """

    kind: Kind
    whole: int = 0
    places: int = 0
    as_double: bool = True

    @property
    def column_type(self) -> ColumnType:
        """The type of the table's column: text while no value was seen."""
        return COLUMN_TYPES[self.kind]

    def __str__(self) -> str:
        if self.kind is not Kind.NUMERIC:
            return str(self.kind)
        return f"{self.kind}({self.whole + self.places}, {self.places})"


UNKNOWN_TYPE = Type(Kind.UNKNOWN)
TEXT_TYPE = Type(Kind.TEXT)

NUMBER_KINDS = (Kind.BIGINT, Kind.NUMERIC, Kind.DOUBLE)
"""Kinds of numbers, from narrow to wide."""


def widen(one: Type, other: Type) -> Type:
    """The narrowest type that holds the values of both exactly; text if no other type does.

    bigint → numeric → double precision or text, date → timestamp → text, anything else → text. Numbers become
    double precision because of numbers with an exponent only if that holds each of them exactly. Times with
    and without a time zone are text, because the zone of the second would be a guess. The function is
    associative, commutative and idempotent: the order of values, batches and files does not matter.
    """
    if one == other or other.kind is Kind.UNKNOWN:
        return one
    if one.kind is Kind.UNKNOWN:
        return other
    if one.kind in NUMBER_KINDS and other.kind in NUMBER_KINDS:
        return _number(one, other)
    if {one.kind, other.kind} == {Kind.DATE, Kind.TIMESTAMP}:
        return Type(Kind.TIMESTAMP)
    return TEXT_TYPE


def _number(one: Type, other: Type) -> Type:
    return number_type(
        max(one.kind, other.kind, key=NUMBER_KINDS.index),
        max(one.whole, other.whole),
        max(one.places, other.places),
        as_double=one.as_double and other.as_double,
    )


def number_type(kind: Kind, whole: int, places: int, *, as_double: bool) -> Type:
    """The type for numbers of these sizes: text if `kind` cannot hold all of them.

    A numeric column has one scale: digits before and behind the point count together, also of two numbers.
    """
    if whole + places > MAX_DIGITS or (kind is Kind.DOUBLE and not as_double):
        return TEXT_TYPE
    return Type(kind, whole, places, as_double)


class Mark(StrEnum):
    """A way to write numbers, truth values or times that occurs in a column."""

    BARE = "5"
    ONE_ZERO = "5.0"
    ZEROS = "5.00"
    PADDED = "1.50"
    TRIMMED = "1.25"
    LOWER = "true"
    UPPER = "TRUE"
    TITLE = "True"
    LETTER_T = "T"
    BLANK = " "


_BOOLEANS = {Mark.LOWER, Mark.UPPER, Mark.TITLE}


class NumberForm(StrEnum):
    """How all numbers of a column are written."""

    FIXED = "fixed"
    """With the same number of decimal places: `5.00`, `1.50`."""
    TRIMMED = "trimmed"
    """Without trailing zeros: `5`, `1.5`, `1.25`."""
    POINT = "point"
    """The same, but always with a point, as many languages print floating point numbers: `5.0`, `1.5`."""
    WHOLE_BARE = "whole bare"
    """Whole numbers without a point, others with the same number of decimal places: `5`, `1.50`."""


@dataclass(frozen=True, slots=True)
class Form:
    """How values are written: marks that occur, and the fewest and most decimal places after a point."""

    marks: frozenset[Mark] = frozenset()
    fewest: int | None = None
    most: int | None = None

    def __or__(self, other: Form) -> Form:
        """The form of the values of both."""
        fewest = [places for places in (self.fewest, other.fewest) if places is not None]
        most = [places for places in (self.most, other.most) if places is not None]
        return Form(self.marks | other.marks, min(fewest, default=None), max(most, default=None))

    @property
    def of_numbers(self) -> NumberForm | None:
        """The form that writes all numbers as they were written; `None` if there is none.

        There is none for `1.9` and `1.10`: as numbers, `1.10` and `1.1` are the same.
        """
        same = self.fewest == self.most
        if same and (self.fewest is None or Mark.BARE not in self.marks):
            return NumberForm.FIXED
        if not self.marks & {Mark.ONE_ZERO, Mark.ZEROS, Mark.PADDED}:
            return NumberForm.TRIMMED
        if not self.marks & {Mark.BARE, Mark.ZEROS, Mark.PADDED}:
            return NumberForm.POINT
        if same and not self.marks & {Mark.ONE_ZERO, Mark.ZEROS}:
            return NumberForm.WHOLE_BARE
        return None

    @property
    def of_words(self) -> Mark | None:
        """How `true` and `false` are written; `None` if in several ways."""
        words = self.marks & _BOOLEANS
        return next(iter(words)) if len(words) == 1 else None
