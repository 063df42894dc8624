"""`Overrides`: format options that replace detection."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from shared.errors import WrongOverride
from shared.formats import format as formats
from shared.formats.compressions import COMPRESSIONS

_VALUES_BY_WORD: Mapping[str, Mapping[str, str]] = {
    "compression": {"none": "", **{alias: entry.name for entry in COMPRESSIONS for alias in entry.aliases}},
    "delimiter": {
        "tab": "\t",
        "\\t": "\t",
        "comma": ",",
        "semicolon": ";",
        "pipe": "|",
        "caret": "^",
        "space": " ",
        "none": "",
    },
    "quote": {"double": '"', "single": "'", "none": ""},
    "escape": {"backslash": "\\", "doubled": "", "none": ""},
    "line_end": {"lf": "\n", "crlf": "\r\n", "cr": "\r", "\\n": "\n", "\\r\\n": "\r\n", "\\r": "\r"},
    "decimal": {"point": ".", "comma": ","},
    "thousands": {
        "none": "",
        "comma": ",",
        "point": ".",
        "space": " ",
        "apostrophe": "'",
        "underscore": "_",
    },
    "ragged": {},
}
"""Words that may be written instead of a value, for each option."""

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MAX_DIGITS = 9
_MAX_CURRENCY_LENGTH = 4
_MAX_HEADER_LINES = 20


def parse_value(name: str, text: str) -> str | int | bool:
    """Return the value of the option `name` that `text` stands for.

    A text that is not one of the words stands for itself. Raises `ValueError` with the allowed values.
    """
    word = text.strip().lower()
    if name in {"spaces_around_quotes", "sep_line", "has_trailing_delimiter"}:
        if word not in _BOOLEANS:
            raise ValueError("true or false")
        return _BOOLEANS[word]
    if name == "header_line" and word == "none":
        return 0
    if name in {"header_line", "header_lines"}:
        if not (word.isascii() and word.isdigit() and len(word) <= _MAX_DIGITS):
            raise ValueError(f"a whole number{' or none' if name == 'header_line' else ''}")
        return int(word)
    if name == "encoding":
        return word
    if name == "currency":
        return "" if word == "none" else text.strip()
    return _VALUES_BY_WORD[name].get(word, text if text.isspace() else word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    r"""Options that set fields of `Format`; `None` leaves a field to detection.

    `header_line=0` means that there is no header. On a contract: `Overrides(delimiter=";",
    encoding="cp1252")`. Raises `WrongOverride`.
    """

    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    spaces_around_quotes: bool | None = None
    line_end: str | None = None
    sep_line: bool | None = None
    header_line: int | None = None
    header_lines: int | None = None
    has_trailing_delimiter: bool | None = None
    decimal: str | None = None
    thousands: str | None = None
    currency: str | None = None
    ragged: str | None = None

    def __post_init__(self) -> None:
        faults = [
            f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}."
            for name, allowed in _ALLOWED.items()
            if (value := getattr(self, name)) is not None and value not in allowed
        ]
        if self.encoding is not None and (encoding := _file_encoding(self.encoding)) is None:
            faults.append(f"encoding must be the name of a text encoding, not {self.encoding!r}.")
        elif self.encoding is not None:
            object.__setattr__(self, "encoding", encoding)
        if self.header_line is not None and self.header_line < 0:
            faults.append("header_line must be the number of a line, from 1, or 0 for no header.")
        if self.header_lines is not None and not 1 <= self.header_lines <= _MAX_HEADER_LINES:
            faults.append(f"header_lines must be a number from 1 to {_MAX_HEADER_LINES}.")
        if self.decimal and self.decimal == self.thousands:
            faults.append("decimal and thousands must differ.")
        if self.quote == "" and self.spaces_around_quotes:
            faults.append("spaces_around_quotes needs a quote.")
        if self.currency and not _is_currency(self.currency):
            faults.append(f"currency must be a sign or code, such as $ or EUR, not {self.currency!r}.")
        if faults:
            raise WrongOverride(tuple(faults))

    @classmethod
    def parse(cls, texts: Mapping[str, str], prefix: str = "") -> Self:
        """Parse texts such as query parameters, or those metadata whose names begin with `prefix`.

        Without a prefix each name must be one of `option_names()`. Values may be words: `tab`, `crlf`,
        `none`. Raises `WrongOverride` with all faults.
        """
        faults: list[str] = []
        values: dict[str, Any] = {}
        for key, text in texts.items():
            name = key.lower().removeprefix(prefix)
            if not key.lower().startswith(prefix):
                continue
            if name not in option_names():
                known = ", ".join(prefix + name for name in option_names())
                faults.append(f"{key} is unknown; known: {known}.")
                continue
            try:
                values[name] = parse_value(name, text)
            except ValueError as exc:
                faults.append(f"{key} must be {exc}, not {text!r}.")
        try:
            overrides = cls(**values)
        except WrongOverride as exc:
            faults.extend(exc.faults)
        if faults:
            raise WrongOverride(tuple(faults))
        return overrides

    def merged_with(self, other: Overrides) -> Overrides:
        """Return these options, with those of `other` for the fields that these leave open.

        For example `query.merged_with(metadata).merged_with(contract)`.
        """
        return replace(other, **self.given())

    def given(self) -> dict[str, Any]:
        """Return the options that are set, by name."""
        return {name: value for name in option_names() if (value := getattr(self, name)) is not None}


def option_names() -> tuple[str, ...]:
    """Return the names of all options."""
    return tuple(field.name for field in fields(Overrides))


_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "compression": formats.COMPRESSIONS,
    "delimiter": formats.DELIMITERS,
    "quote": formats.QUOTES,
    "escape": formats.ESCAPES,
    "line_end": formats.LINE_ENDS,
    "decimal": formats.DECIMALS,
    "thousands": formats.THOUSANDS,
    "ragged": formats.RAGGED,
}


def _is_currency(text: str) -> bool:
    """Whether `text` has only letters and currency signs, so that it cannot be part of a number."""
    signs = all(char.isalpha() or unicodedata.category(char) == "Sc" for char in text)
    return signs and len(text) <= _MAX_CURRENCY_LENGTH


def _file_encoding(name: str) -> str | None:
    """As `encoding_name`; ASCII is read as UTF-8, which contains it."""
    encoding = formats.encoding_name(name)
    return "utf-8" if encoding == "ascii" else encoding
