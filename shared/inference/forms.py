"""Forms: how values are spelled where their type leaves a choice, so that they can be spelled so again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """A spelling that occurs in a column."""

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


_WORDS = {Mark.LOWER, Mark.UPPER, Mark.TITLE}


class NumberForm(StrEnum):
    """How all numbers of a column are spelled."""

    FIXED = "fixed"
    """With the same places: `5.00`, `1.50`."""
    TRIMMED = "trimmed"
    """Without zeros at the end: `5`, `1.5`, `1.25`."""
    POINT = "point"
    """The same, but always with a point, as many languages write floating numbers: `5.0`, `1.5`, `1.25`."""
    WHOLE_BARE = "whole bare"
    """Whole ones without a point, others with the same places: `5`, `1.50`."""


@dataclass(frozen=True, slots=True)
class Form:
    """Spellings that occur, and the fewest and most places of numbers that have a point."""

    marks: frozenset[Mark] = frozenset()
    fewest: int | None = None
    most: int | None = None

    def __or__(self, other: Form) -> Form:
        """Spellings of both."""
        fewest = [places for places in (self.fewest, other.fewest) if places is not None]
        most = [places for places in (self.most, other.most) if places is not None]
        return Form(self.marks | other.marks, min(fewest, default=None), max(most, default=None))

    @property
    def of_numbers(self) -> NumberForm | None:
        """The form in which numbers are spelled as they were; `None` where no form spells all of them so.

        `1.9` and `1.10` are such: as numbers, the second could not be told from `1.1`.
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
        """How `true` and `false` are spelled, if it is one way."""
        words = self.marks & _WORDS
        return next(iter(words)) if len(words) == 1 else None
