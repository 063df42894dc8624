"""Reads numbers in the number format of a file: decimal comma, thousands separators, currency signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from shared.errors import WrongOverride
from shared.formats.format import Format

_SPACE = "[ \u00a0\u202f]"
"""A space, a no-break space and a narrow no-break space."""

_SEPARATORS = {" ": _SPACE, "'": "['\u2019]"}
"""Separators that programs write as several characters; all others are a single character."""

_PLAIN = r"\A[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?\z"
_NOT_A_NUMBER = " "
"""Appended to a number to make it a text."""

_EXAMPLE_GROUPS = ("1", "234", "567", "89")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The decimal sign, the separator between groups of three digits, and the currency of a file's numbers.

    Texts in other formats are not numbers: with a decimal comma and no separator, `1.234` is a text.
    Separators are optional, but a number has all of them or none, and the first group does not begin with a
    zero. The currency is optional too, before or after the number, with or without a space; a minus can be on
    either side of it.
    """

    decimal: str
    thousands: str
    currency: str

    def __str__(self) -> str:
        """An example number, for error messages."""
        *groups, decimals = _EXAMPLE_GROUPS
        number = self.thousands.join(groups) + self.decimal + decimals
        return f"{number}, {self.currency} {number} or {number} {self.currency}" if self.currency else number

    def read(self, texts: pa.StringArray) -> tuple[pa.BooleanArray, pa.StringArray]:
        """Return whether each text is a number in this format (null if missing), and the plain numbers.

        Texts that are not numbers in this format do not change.
        """
        shape, removed = _patterns(self)
        fits: pa.BooleanArray = pc.match_substring_regex(texts, shape)
        plain = pc.replace_substring_regex(texts, removed, "")
        if self.decimal != ".":
            plain = pc.replace_substring(plain, self.decimal, ".")
        return fits, pc.if_else(fits, plain, texts)

    def as_plain(self, texts: pa.StringArray) -> pa.StringArray:
        """Return the numbers in this format as plain numbers; other plain numbers become texts."""
        fits, plain = self.read(texts)
        if pc.all(fits).as_py() is not False:
            return plain
        is_foreign = pc.and_(pc.invert(fits), pc.match_substring_regex(texts, _PLAIN))
        marked = pc.replace_substring_regex(plain, r"\z", _NOT_A_NUMBER)
        result: pa.StringArray = pc.if_else(is_foreign, marked, plain)
        return result


def number_format_of(file_format: Format) -> NumberFormat | None:
    """Return the number format of a file, or `None` if its numbers are plain, as in nearly all files.

    Raises `WrongOverride` if decimal sign and separator are the same.
    """
    decimal, thousands, currency = file_format.decimal, file_format.thousands, file_format.currency
    if decimal == "." and not thousands and not currency:
        return None
    if decimal == thousands:
        raise WrongOverride((f"thousands cannot be {thousands!r}, the decimal sign; set decimal too.",))
    return NumberFormat(decimal, thousands, currency)


@cache
def _patterns(form: NumberFormat) -> tuple[str, str]:
    """The pattern that a whole text must match, and the pattern of the characters that are then removed."""
    point = re.escape(form.decimal)
    decimals = rf"{point}[0-9]+"
    # With the currency E, `1E5` would be ambiguous.
    exponent = "" if form.currency in {"e", "E"} else r"(?:[eE][+-]?[0-9]{1,3})?"
    number = rf"(?:[0-9]+(?:{decimals})?|{decimals}){exponent}"
    removed = [r"\+", r"\s", _SPACE]
    if form.thousands:
        between = _SEPARATORS.get(form.thousands, re.escape(form.thousands))
        number = rf"(?:{number}|[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+(?:{decimals})?)"
        removed.append(between)
    shapes = [rf"[+-]?{number}"]
    if form.currency:
        currency = re.escape(form.currency)
        shapes += [
            rf"[+-]?{currency}{_SPACE}?{number}",
            rf"{currency}{_SPACE}?[+-]{number}",
            rf"[+-]?{number}{_SPACE}?{currency}",
        ]
        removed.insert(0, currency)
    around = r"[\s\x{a0}\x{202f}]*"
    return rf"\A{around}(?:{'|'.join(shapes)}){around}\z", "|".join(removed)
