"""The layout of a file's table: columns, dialect and how many fields a row may have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from shared.formats.format import Format

Values = Sequence[str | None]
"""The values of a record, `None` where nothing is between two delimiters."""


@dataclass(frozen=True)
class Dialect:
    """How records are written: fields of `Format`; `pads` is true for `ragged="pad"`."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    spaces_around_quotes: bool = False
    has_trailing_delimiter: bool = False
    pads: bool = False

    @classmethod
    def of(cls, form: Format) -> Self:
        """Return the dialect of a file with this format."""
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
        """Whether values are separated by any number of spaces."""
        return self.delimiter == " "

    def row(self, values: Values, width: int) -> Values | None:
        """Return `values` as a row of `width` columns, or `None` if they are not one."""
        extra = len(values) - width
        if not extra:
            return values
        if extra < 0:
            return [*values, *[None] * -extra] if self.pads else None
        is_allowed = self.pads or (self.has_trailing_delimiter and extra == 1)
        return None if not is_allowed or any(values[width:]) else values[:width]

    def fits(self, values: Values, width: int) -> bool:
        """Whether `values` are a row of `width` columns without padding."""
        return len(values) >= width and self.row(values, width) is not None

    @cached_property
    def opening(self) -> re.Pattern[str]:
        """Matches the beginning of a quoted value, up to and including its quote."""
        spaces = " *+" if self.spaces_around_quotes or self.is_aligned else ""
        return re.compile(spaces + re.escape(self.quote)) if self.quote else re.compile("(?!)")

    @cached_property
    def quoted(self) -> re.Pattern[str]:
        """Matches the rest of a quoted value up to its closing quote; a doubled quote is part of it."""
        quote = re.escape(self.quote)
        if self.escape:
            return re.compile(rf"(?:[^{quote}\\]++|{quote}{quote}|\\.)*+(?={quote})", re.DOTALL)
        return re.compile(f"(?:[^{quote}]++|{quote}{quote})*+(?={quote})")

    @cached_property
    def unquoted(self) -> re.Pattern[str]:
        """Matches an unquoted value up to the delimiter, the line end, or an escape before the line end."""
        stops = re.escape(self.delimiter)
        if self.escape:
            return re.compile(rf"(?:[^{stops}\\]++|\\.)*+", re.DOTALL)
        return re.compile(f"[^{stops}]*+" if stops else ".*+", re.DOTALL)

    @cached_property
    def after(self) -> re.Pattern[str]:
        """Matches everything that may be between a value and the next one, or the end of the line."""
        spaces = " *+" if self.spaces_around_quotes else ""
        if self.is_aligned:
            return re.compile(r" ++|\Z")
        return re.compile(
            rf"{spaces}(?:{re.escape(self.delimiter)}|\Z)" if self.delimiter else rf"{spaces}\Z"
        )

    @cached_property
    def doubled(self) -> re.Pattern[str]:
        """Matches two characters of a quoted value with escapes that stand for one: the matching group."""
        quote = re.escape(self.quote)
        return re.compile(rf"\\(.)|({quote}){quote}", re.DOTALL)


STANDARD = Dialect()
"""The dialect of RFC 4180."""

Fields = Sequence[str | None]
"""For each column of the file the contract's field, or `None` where the column is not loaded."""

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Layout:
    """The structure of the records below the header.

    `headings` are the texts of the header's records, by which a repeated header is recognized; empty where a
    row could have the same text.
    """

    fields: Fields
    dialect: Dialect = STANDARD
    headings: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """The number of columns of the file."""
        return len(self.fields)

    def repeats_header(self, raw: str) -> bool:
        """Whether a record with this text repeats the header, as in concatenated files."""
        return bool(self.headings) and raw.removeprefix(BOM) in self.headings


def header_signature(raws: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the texts `raws` of a header's records if a row is unlikely to have the same text, else `()`.

    A single name could be a value of its column, and so could names without letters, or names of which more
    than half are empty.
    """
    named = sum(bool(name.strip()) for name in names)
    has_words = any(any(map(str.isalpha, name)) for name in names)
    return tuple(raws) if len(names) > 1 and has_words and 2 * named >= len(names) else ()
