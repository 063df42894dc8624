"""The layout of a file's table: columns, dialect and how many fields a row may have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from shared.formats.format import Format

Values = Sequence[str | None]
"""Of a record, `None` where nothing stood between two delimiters."""


@dataclass(frozen=True)
class Dialect:
    """How records are written; the fields are those of `Format`, but for `pads`, its `ragged`."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    spaces_around_quotes: bool = False
    has_trailing_delimiter: bool = False
    pads: bool = False

    @classmethod
    def of(cls, form: Format) -> Self:
        """That of a file of this format."""
        return cls(
            delimiter=form.delimiter,
            quote=form.quote,
            escape=form.escape,
            spaces_around_quotes=form.spaces_around_quotes,
            has_trailing_delimiter=form.has_trailing_delimiter,
            pads=form.ragged == "pad",
        )

    @property
    def is_aligned(self) -> bool:
        """Whether any number of spaces sets values apart."""
        return self.delimiter == " "

    def row(self, values: Values, width: int) -> Values | None:
        """`values` as a row of `width` columns, `None` where they are none."""
        extra = len(values) - width
        if not extra:
            return values
        if extra < 0:
            return [*values, *[None] * -extra] if self.pads else None
        is_allowed = self.pads or (self.has_trailing_delimiter and extra == 1)
        return None if not is_allowed or any(values[width:]) else values[:width]

    def fits(self, values: Values, width: int) -> bool:
        """Whether `values` are a row of `width` columns as they are written, without padding."""
        return len(values) >= width and self.row(values, width) is not None

    @cached_property
    def opening(self) -> re.Pattern[str]:
        """What begins a quoted value, up to and with its quote."""
        spaces = " *+" if self.spaces_around_quotes or self.is_aligned else ""
        return re.compile(spaces + re.escape(self.quote)) if self.quote else re.compile("(?!)")

    @cached_property
    def quoted(self) -> re.Pattern[str]:
        """From inside a quoted value up to the quote that ends it; a doubled quote is a character of it."""
        quote = re.escape(self.quote)
        if self.escape:
            return re.compile(rf"(?:[^{quote}\\]++|{quote}{quote}|\\.)*+(?={quote})", re.DOTALL)
        return re.compile(f"(?:[^{quote}]++|{quote}{quote})*+(?={quote})")

    @cached_property
    def unquoted(self) -> re.Pattern[str]:
        """A value without quotes, up to the delimiter, the line's end, or an escape in front of that."""
        stops = re.escape(self.delimiter)
        if self.escape:
            return re.compile(rf"(?:[^{stops}\\]++|\\.)*+", re.DOTALL)
        return re.compile(f"[^{stops}]*+" if stops else ".*+", re.DOTALL)

    @cached_property
    def after(self) -> re.Pattern[str]:
        """What may stand between a value and the next: matches nothing else than this up to there."""
        spaces = " *+" if self.spaces_around_quotes else ""
        if self.is_aligned:
            return re.compile(r" ++|\Z")
        return re.compile(
            rf"{spaces}(?:{re.escape(self.delimiter)}|\Z)" if self.delimiter else rf"{spaces}\Z"
        )

    @cached_property
    def doubled(self) -> re.Pattern[str]:
        """What stands for one character, which is one of its groups, inside a quoted value with escapes."""
        quote = re.escape(self.quote)
        return re.compile(rf"\\(.)|({quote}){quote}", re.DOTALL)


STANDARD = Dialect()
"""RFC 4180's."""

Fields = Sequence[str | None]
"""For each column of the file the contract's field, or `None` where it is not loaded."""

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the records below the header are.

    `headings` are the texts of the header's records; one that comes again is no row. None where they say too
    little for that.
    """

    fields: Fields
    dialect: Dialect = STANDARD
    headings: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns of the file."""
        return len(self.fields)

    def repeats_header(self, raw: str) -> bool:
        """Whether a record with this text is the header once more, as where files were glued together."""
        return bool(self.headings) and raw.removeprefix(_BOM) in self.headings


def header_signature(raws: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The texts `raws` of a header by which it can be known again, if its `names` are unlike any row's.

    A name alone could be a value of its column, and so could names without letters, or few among none.
    """
    named = sum(bool(name.strip()) for name in names)
    has_words = any(any(map(str.isalpha, name)) for name in names)
    return tuple(raws) if len(names) > 1 and has_words and 2 * named >= len(names) else ()
