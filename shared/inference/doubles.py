"""Which texts double precision holds so that nothing of them is lost."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

SURE_DIGITS = 15
"""Decimal digits that survive double precision, whatever they are (C's `DBL_DIG`)."""

_FIRST = 64
"""Numbers that are looked at before any other: of long ones that get lost, some are among them."""

_SHAPE = (
    r"\A(?:(?:-?[1-9]\.[0-9]+|0\.0+)[eE][+-]?[0-9]{1,3}"  # a point, or
    r"|(?:-?[1-9]|0)[eE][+-][0-9]{1,3})\z"  # a sign in the exponent
)
_SURE = r"\A-?[0-9](?:\.[0-9]{1,14})?[eE][+-]?[0-9]{1,2}\z"


def are_kept(numbers: pa.StringArray) -> bool:
    """Whether the shortest text of each number's double is that number; `numbers` have no exponent."""
    return _are_kept(numbers.slice(0, _FIRST)) and _are_kept(numbers)


def _are_kept(numbers: pa.StringArray) -> bool:
    spelled = numbers.cast(pa.float64()).cast(pa.string())
    # Mostly the text itself comes back; only where it does not, the numbers are compared.
    doubtful = numbers.filter(pc.not_equal(numbers, spelled))
    return all(Decimal(repr(float(text))) == Decimal(text) for text in doubtful.to_pylist() if text)


def are_floating(texts: pa.StringArray) -> pa.BooleanArray:
    """Which of `texts` are numbers with an exponent, as programs write floating numbers: `1.5e-07`, `2E+10`.

    One digit before the point, and none without meaning; a point, or a sign in the exponent: `12E4` and `1E5`
    may be codes. The double, printed with as
    many digits, must be the number again, so that neither digits nor magnitude exceed it.
    """
    shaped = pc.match_substring_regex(texts, _SHAPE)
    doubtful = pc.and_not(shaped, pc.match_substring_regex(texts, _SURE))
    if not pc.any(doubtful, min_count=0).as_py():
        return shaped
    lost = [
        bool(is_doubtful) and not _is_printed_again(text or "")
        for is_doubtful, text in zip(doubtful.to_pylist(), texts.to_pylist(), strict=True)
    ]
    return pc.and_not(shaped, pa.array(lost, pa.bool_()))


def _is_printed_again(text: str) -> bool:
    text = text.lower()
    places = len(text.partition("e")[0].partition(".")[2])
    printed = f"{float(text):.{places}e}"
    return printed == text or Decimal(printed) == Decimal(text)
