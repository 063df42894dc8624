"""Candidates: the dialects of which a text shows a sign."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.detection.records import Dialect
from shared.formats.format import DELIMITERS
from shared.formats.overrides import Overrides

_BETWEEN_VALUES = re.compile(r"(?<!\d),|,(?!\d)")
"""A comma that is no decimal one."""


def candidates(text: str, told: Overrides) -> Iterator[Dialect]:
    """Dialects of which the text shows a sign; of those that score the same, the first counts."""
    delimiters = DELIMITERS if told.delimiter is None else (told.delimiter,)
    for delimiter in delimiters:
        if delimiter and delimiter not in text and told.delimiter is None:
            continue
        if delimiter == told.decimal and told.delimiter is None and not _BETWEEN_VALUES.search(text):
            continue
        for quote in _quotes(text, delimiter) if told.quote is None else (told.quote,):
            for escape in _escapes(text, quote) if told.escape is None else (told.escape,):
                for spaces in _spaces(text, delimiter, quote, told):
                    yield Dialect(delimiter, quote, escape, spaces)


def _quotes(text: str, delimiter: str) -> tuple[str, ...]:
    """Those that open values; double ones in any case, as a value further down may need them."""
    if delimiter == " ":
        return ("",)
    border = rf"[\n\r{re.escape(delimiter)}]"
    single = re.search(rf"(?:^|{border}) ?'", text) and re.search(rf"'(?:{border}|$)", text)
    return ('"', *(["'"] if single else []), *([""] if '"' in text else []))


def _escapes(text: str, quote: str) -> tuple[str, ...]:
    return ("", "\\") if quote and "\\" + quote in text else ("",)


def _spaces(text: str, delimiter: str, quote: str, told: Overrides) -> tuple[bool, ...]:
    if told.spaces_around_quotes is not None:
        return (told.spaces_around_quotes,)
    if (
        quote
        and delimiter.strip()
        and re.search(rf"{quote} +{re.escape(delimiter)}|{re.escape(delimiter)} +{quote}", text)
    ):
        return (False, True)
    return (False,)
