"""How a file writes numbers: decimal comma, thousands separators, currency signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from shared.errors import WrongOverride
from shared.formats.format import Format

_SPACE = "[ \u00a0\u202f]"
"""An ordinary space and those that do not break a line, wide and narrow."""

_SEPARATORS = {" ": _SPACE, "'": "['\u2019]"}
"""Signs that programs write in more than one way; others stand for themselves."""

_PLAIN = r"\A[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?\z"
_NO_NUMBER = " "
"""Behind a number it makes it a text, since the number alone would not be what the file has."""

_EXAMPLE = ("1", "234", "567", "89")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A told form of numbers: the sign before the decimals, that between groups of three digits, a currency.

    Nothing else is a number then: `1.234` is none where the comma is told as decimal sign and the point is
    not told as anything. Groups are optional but whole, and never begin with a zero; so is the currency,
    before or behind the number with or without a space, a minus on either side of it.
    """

    decimal: str
    thousands: str
    currency: str

    def __str__(self) -> str:
        """The form as an example, for a reason."""
        *groups, decimals = _EXAMPLE
        number = self.thousands.join(groups) + self.decimal + decimals
        return f"{number}, {self.currency} {number} or {number} {self.currency}" if self.currency else number

    def read(self, texts: pa.StringArray) -> tuple[pa.BooleanArray, pa.StringArray]:
        """Whether each text is a number of this form (null where it is missing), and those in plain form.

        What is none stays as it is.
        """
        shape, noise = _patterns(self)
        fits: pa.BooleanArray = pc.match_substring_regex(texts, shape)
        plain = pc.replace_substring_regex(texts, noise, "")
        if self.decimal != ".":
            plain = pc.replace_substring(plain, self.decimal, ".")
        return fits, pc.if_else(fits, plain, texts)

    def as_plain(self, texts: pa.StringArray) -> pa.StringArray:
        """Numbers of this form in plain form; a number in plain form only is a text here."""
        fits, plain = self.read(texts)
        if pc.all(fits).as_py() is not False:
            return plain
        is_foreign = pc.and_(pc.invert(fits), pc.match_substring_regex(texts, _PLAIN))
        marked = pc.replace_substring_regex(plain, r"\z", _NO_NUMBER)
        found: pa.StringArray = pc.if_else(is_foreign, marked, plain)
        return found


def number_format_of(found: Format) -> NumberFormat | None:
    """How the file writes numbers, or `None` where it writes them plainly, as nearly all do.

    Raises `WrongOverride` where one sign would be both.
    """
    currency = getattr(found, "currency", "")
    if found.decimal == "." and not found.thousands and not currency:
        return None
    if found.decimal == found.thousands:
        raise WrongOverride(
            (f"thousands cannot be {found.thousands!r}, the decimal sign; tell decimal too.",)
        )
    return NumberFormat(found.decimal, found.thousands, currency)


@cache
def _patterns(form: NumberFormat) -> tuple[str, str]:
    """What a whole text must match, and what is then left out of it."""
    point = re.escape(form.decimal)
    decimals = rf"{point}[0-9]+"
    # Of `1E5` nobody could tell what a currency E means.
    exponent = "" if form.currency in {"e", "E"} else r"(?:[eE][+-]?[0-9]{1,3})?"
    number = rf"(?:[0-9]+(?:{decimals})?|{decimals}){exponent}"
    noise = [r"\+", r"\s", _SPACE]
    if form.thousands:
        between = _SEPARATORS.get(form.thousands, re.escape(form.thousands))
        number = rf"(?:{number}|[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+(?:{decimals})?)"
        noise.append(between)
    shapes = [rf"[+-]?{number}"]
    if form.currency:
        currency = re.escape(form.currency)
        shapes += [
            rf"[+-]?{currency}{_SPACE}?{number}",
            rf"{currency}{_SPACE}?[+-]{number}",
            rf"[+-]?{number}{_SPACE}?{currency}",
        ]
        noise.insert(0, currency)
    around = r"[\s\x{a0}\x{202f}]*"
    return rf"\A{around}(?:{'|'.join(shapes)}){around}\z", "|".join(noise)
