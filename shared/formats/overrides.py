"""`Overrides`: format options that replace detection."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from shared.errors import WrongOverride
from shared.formats import format as formats

_TAB = {"tab": "\t", "\\t": "\t"}
_SPOKEN: Mapping[str, Mapping[str, str]] = {
    "compression": {"none": "", "gz": "gzip", "zst": "zstd", "bzip2": "bz2"},
    "delimiter": {
        **_TAB,
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
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MOST_DIGITS = 9


def parse_value(name: str, text: str) -> str | int | bool:
    """The value that `text` writes for the field `name`; raises `ValueError` that says what is allowed.

    A text that is none of the words stands for itself.
    """
    word = text.strip().lower()
    if name in {"spaces_around_quotes", "sep_line", "has_trailing_delimiter"}:
        if word not in _TRUTHS:
            raise ValueError("it is true or false")
        return _TRUTHS[word]
    if name == "header_line" and word == "none":
        return 0
    if name in {"header_line", "header_lines"}:
        if not (word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS):
            allowed = ", or none" if name == "header_line" else ""
            raise ValueError(f"it is a whole number{allowed}")
        return int(word)
    if name == "encoding":
        return word
    if name == "currency":
        return "" if word == "none" else text.strip()
    return _SPOKEN[name].get(word, text if text.isspace() else word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    r"""Fields of `Format` as they are told, `None` where nothing is; `header_line=0` means no header.

    On a contract: `Overrides(delimiter=";", encoding="cp1252")`. Raises `WrongOverride`.
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
            f"{name} cannot be {value!r}: it is one of {', '.join(map(repr, allowed))}."
            for name, allowed in _ALLOWED.items()
            if (value := getattr(self, name)) is not None and value not in allowed
        ]
        if self.encoding is not None and (found := _encoding(self.encoding)) is None:
            faults.append(f"encoding cannot be {self.encoding!r}: it is the name of a text encoding.")
        elif self.encoding is not None:
            object.__setattr__(self, "encoding", found)
        if self.header_line is not None and self.header_line < 0:
            faults.append("header_line is the number of a line, the first being 1, or 0 for no header.")
        if self.header_lines is not None and not 1 <= self.header_lines <= _MOST_HEADER_LINES:
            faults.append(f"header_lines is a number of lines, 1 to {_MOST_HEADER_LINES}.")
        if self.decimal and self.decimal == self.thousands:
            faults.append("decimal and thousands cannot be the same.")
        if self.quote == "" and self.spaces_around_quotes:
            faults.append("spaces_around_quotes needs a quote.")
        if self.currency and not _is_currency(self.currency):
            faults.append(f"currency cannot be {self.currency!r}: it is a sign or code, such as $ or EUR.")
        if faults:
            raise WrongOverride(tuple(faults))

    @classmethod
    def parse(cls, texts: Mapping[str, str], prefix: str = "") -> Self:
        """From texts such as query parameters, or metadata whose names begin with `prefix`.

        Without a prefix every name must be one of `names()`. Values may be written out: `tab`, `crlf`,
        `none`. Raises `WrongOverride` with all faults.
        """
        faults: list[str] = []
        values: dict[str, Any] = {}
        for key, text in texts.items():
            name = key.lower().removeprefix(prefix)
            if not key.lower().startswith(prefix):
                continue
            if name not in option_names():
                faults.append(
                    f"{key} is unknown; known: {', '.join(prefix + known for known in option_names())}."
                )
                continue
            try:
                values[name] = parse_value(name, text)
            except ValueError as exc:
                faults.append(f"{key} cannot be {text!r}: {exc}.")
        try:
            found = cls(**values)
        except WrongOverride as exc:
            faults.extend(exc.faults)
        if faults:
            raise WrongOverride(tuple(faults))
        return found

    def merged_with(self, other: Overrides) -> Overrides:
        """These, and `other` where these say nothing: `query.merged_with(metadata).merged_with(contract)`."""
        return replace(other, **self.given())

    def given(self) -> dict[str, Any]:
        """The fields that are told."""
        return {name: value for name in option_names() if (value := getattr(self, name)) is not None}


def option_names() -> tuple[str, ...]:
    """What can be told."""
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
_LONGEST_CURRENCY = 4
_MOST_HEADER_LINES = 20
_NO_CHARACTER_SETS = {
    "idna",
    "punycode",
    "raw-unicode-escape",
    "unicode-escape",
    "utf-7",
    "undefined",
    "mbcs",
    "oem",
}


def _is_currency(text: str) -> bool:
    """Whether it is made of letters and signs of money alone, so that it is no part of a number."""
    signs = all(char.isalpha() or unicodedata.category(char) == "Sc" for char in text)
    return signs and len(text) <= _LONGEST_CURRENCY


def _encoding(name: str) -> str | None:
    """Python's name of the encoding, or `None` where it is none for files."""
    try:
        found = codecs.lookup(name)
        "".encode(name)  # refuses codecs that are no text encodings
    except (LookupError, ValueError):
        return None
    if found.name in _NO_CHARACTER_SETS:
        return None
    return {"iso8859-1": "latin-1", "ascii": "utf-8"}.get(found.name, found.name)
