"""Number formats, compared with an implementation that reads numbers character by character."""

from __future__ import annotations

import functools

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.errors import WrongOverride
from shared.formats.format import Format
from shared.validation import number_format
from shared.validation.number_format import NumberFormat

SPACES = {" ", "\u00a0", "\u202f"}
ALIKE = {" ": SPACES, "'": {"'", "\u2019"}}
FORMS = [
    NumberFormat(decimal, thousands, currency)
    for decimal in ".,"
    for thousands in ("", ",", ".", " ", "'", "_")
    for currency in ("", "€", "EUR", "R$", "E")
    if decimal != thousands
]


def slowly(text: str, form: NumberFormat) -> str | None:
    """The plain form of `text`, or `None` where it is no number of this form."""
    rest = text.strip(" \t\n\f\r\u00a0\u202f")
    signs = ""
    if rest[:1] in {"+", "-"}:
        signs, rest = rest[0], rest[1:]
    if form.currency:
        rest, signs = _without_currency(rest, signs, form.currency)
    if len(signs) > 1:
        return None
    number = _number(rest, form)
    return number and ("-" if signs == "-" else "") + number


def _without_currency(rest: str, signs: str, currency: str) -> tuple[str, str]:
    if rest.startswith(currency):
        rest = rest[len(currency) :]
        rest = rest[1:] if rest[:1] in SPACES else rest
        if rest[:1] in {"+", "-"}:
            return rest[1:], signs + rest[0]
    elif rest.endswith(currency):
        rest = rest[: -len(currency)]
        rest = rest[:-1] if rest[-1:] in SPACES else rest
    return rest, signs


def _number(text: str, form: NumberFormat) -> str | None:
    head, exponent = text, ""
    for sign in "eE" if form.currency != "E" else "":
        if sign in head:
            another, (head, _, exponent) = exponent, head.partition(sign)
            digits = exponent.removeprefix("+") if exponent[:1] == "+" else exponent.removeprefix("-")
            if another or not (_digits(digits) and len(digits) <= 3):
                return None
            exponent = f"{sign}{'-' if exponent[0] == '-' else ''}{digits}"
    whole, point, decimals = head.partition(form.decimal)
    if (point and not _digits(decimals)) or not (whole or point):
        return None
    if whole and not _digits(whole):
        if exponent or not form.thousands:
            return None
        for sign in ALIKE.get(form.thousands, set()):
            whole = whole.replace(sign, form.thousands)
        first, *groups = whole.split(form.thousands)
        if not (_digits(first) and first[0] != "0" and len(first) <= 3 and groups):
            return None
        if not all(_digits(group) and len(group) == 3 for group in groups):
            return None
        whole = first + "".join(groups)
    return whole + ("." + decimals if point else "") + exponent


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def quickly(texts: list[str | None], form: NumberFormat) -> list[str | None]:
    fits, plain = form.read(pa.array(texts, pa.string()))
    return [number if fit else None for fit, number in zip(fits.to_pylist(), plain.to_pylist(), strict=True)]


SIGNS = st.sampled_from([*"0123456789", *"0123456789", *".,'_ +-eE€R$", "\u00a0", "\u202f", "\u2019", "EUR"])


@functools.cache
def likely(form: NumberFormat) -> st.SearchStrategy[str]:
    """Texts that are nearly numbers of this form."""
    group = st.text("0123456789", min_size=3, max_size=3).map(lambda digits: form.thousands + digits)
    parts = (
        st.sampled_from(["", "-", "+", " "]),
        st.sampled_from(["", form.currency, form.currency + " "]),
        st.text("0123456789", max_size=4),
        st.lists(group, max_size=3).map("".join),
        st.text("0123456789", max_size=3).map(lambda digits: digits and form.decimal + digits),
        st.sampled_from(["", "", "e5", "E-12", "e+1", "e"]),
        st.sampled_from(["", form.currency, "\u00a0" + form.currency, "\n"]),
    )
    return st.tuples(*parts).map("".join)


@settings(deadline=None, max_examples=400)  # the first one imports pyarrow's functions
@given(st.data())
def test_numbers_are_read_as_by_the_slow_implementation(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMS))
    texts = data.draw(st.lists(likely(form) | st.lists(SIGNS, max_size=9).map("".join), max_size=20))
    assert quickly([*texts], form) == [slowly(text, form) for text in texts]


GERMAN = NumberFormat(",", ".", "€")


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=2), st.sampled_from(FORMS))
@example(1234567, GERMAN)
def test_a_number_written_in_the_format_is_read_back(number: object, form: NumberFormat) -> None:
    plain = f"{number:f}"
    whole, _, decimals = f"{number:,f}".partition(".")
    text = whole.replace(",", form.thousands) + (form.decimal + decimals if decimals else "")
    expected = plain
    assert quickly([text, text + form.currency], form) == [expected] * 2


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1.234.567,89", "1234567.89"), ("€ 12,50", "12.50"), ("12,50 €", "12.50"), ("-1.234", "-1234"),
        ("€-5", "-5"), ("-€5", "-5"), ("+7", "7"), (",5", ".5"), ("1234567,89", "1234567.89"),
        ("007", "007"), ("1,5E+3", "1.5E3"), (" 5\u00a0", "5"),
        ("1.23", None), ("1.2345", None), ("0.123", None), ("1.234.56", None), ("1.234,5.6", None),
        ("1,234,567", None), ("5,", None), ("", None), ("€", None), ("--5", None), ("-€-5", None),
        ("(5)", None), ("5-", None), ("$5", None), ("NaN", None), ("1_000", None), ("\u0661", None),
        ("€ 5 €", None), ("0E0e0", None),
    ],
)  # fmt: skip
def test_german_amounts(text: str, plain: str | None) -> None:
    assert quickly([text], GERMAN) == [plain]


def test_a_missing_number_is_still_missing() -> None:
    fits, plain = GERMAN.read(pa.array([None, "1"], pa.string()))
    assert (fits.to_pylist(), plain.to_pylist()) == ([None, True], [None, "1"])


def test_a_plain_format_has_no_number_format() -> None:
    assert number_format.number_format_of(Format()) is None
    assert number_format.number_format_of(Format(decimal=",")) == NumberFormat(",", "", "")


def test_decimal_sign_and_separator_must_differ() -> None:
    with pytest.raises(WrongOverride, match="decimal"):
        number_format.number_format_of(Format(thousands="."))
