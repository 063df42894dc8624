"""What was found in a column of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.inference.forms import Form
from shared.inference.kinds import EXACT, NOTHING, TEXT, Kind, Type


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file, all of it.

    `seen` is the narrowest type of all values but the null spellings `spelled` (each with its count), and
    `form` how they are written. `header` is the file's own name of it. `missing` counts absent values,
    `longest` is the longest text in characters, and `because` shows a value that fits none but text. `is_key`
    says whether it identifies rows.
    """

    name: str
    header: str | None = None
    seen: Type = NOTHING
    form: Form = Form()  # noqa: RUF009 - it is frozen
    rows: int = 0
    missing: int = 0
    spelled: tuple[tuple[str, int], ...] = ()
    longest: int = 0
    longest_bytes: int = 0
    because: str | None = None
    is_key: bool = False

    @property
    def type(self) -> Type:
        """The type of a table's column made for it: text, too, where `why_text` says so of what was seen."""
        return self.seen if self.why_text is None else TEXT

    @property
    def why_text(self) -> str | None:
        """Why a table's column made for it is text, in a sentence; `None` where it is not.

        It is where no one form would write its values as they are written, which numbers with and without
        zeros at the end, and words of two kinds, would not survive.
        """
        if self.seen.kind is Kind.NOTHING:
            return "no row has a value"
        if self.seen == TEXT:
            return f"{self.because!r} is of no other type that all values have"
        if self.seen.kind is Kind.NUMERIC and self.form.of_numbers is None:
            return "some numbers have zeros at the end and others do not, as 1.9 and 1.10"
        if self.seen.kind is Kind.BOOLEAN and self.form.of_words is None:
            return "true and false are written in more than one way"
        if self.is_key and self.seen.kind not in EXACT:
            return "a column of the key is a bigint, a date or text: no other type gives every text back"
        return None

    @property
    def nullable(self) -> bool:
        """Whether a table's column made for it has missing values; null spellings are none in text."""
        return bool(self.missing or (self.spelled and self.type != TEXT))

    def as_json(self) -> dict[str, Any]:
        """What was found, as it is shown: the column as a new table has it."""
        return {
            "name": self.name,
            "header": self.header or self.name,
            "type": str(self.type),
            "nullable": self.nullable,
            "missing": self.missing,
            "nulls": dict(self.spelled) if self.type != TEXT else {},
            "longest": self.longest,
            "why_text": self.why_text,
        }
