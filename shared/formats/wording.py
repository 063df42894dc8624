"""Wording: how the values of a format are written as texts, where a tab or nothing is hard to write."""

from __future__ import annotations

from collections.abc import Mapping

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


def value(name: str, text: str) -> str | int | bool:
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
