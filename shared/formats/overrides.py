"""`Overrides`: what is told about a file's format, so that it need not be detected."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from shared.errors import WrongOverride
from shared.formats import format as formats
from shared.formats import wording


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
            if name not in names():
                faults.append(f"{key} is unknown; known: {', '.join(prefix + known for known in names())}.")
                continue
            try:
                values[name] = wording.value(name, text)
            except ValueError as exc:
                faults.append(f"{key} cannot be {text!r}: {exc}.")
        try:
            found = cls(**values)
        except WrongOverride as exc:
            faults.extend(exc.faults)
        if faults:
            raise WrongOverride(tuple(faults))
        return found

    def over(self, other: Overrides) -> Overrides:
        """These, and `other` where these say nothing: `query.over(metadata).over(contract)`."""
        return replace(other, **self.given())

    def given(self) -> dict[str, Any]:
        """The fields that are told."""
        return {name: value for name in names() if (value := getattr(self, name)) is not None}


def names() -> tuple[str, ...]:
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
