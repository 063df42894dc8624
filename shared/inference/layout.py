"""Python expressions laid out in lines as the project's formatter does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH = 110
_STEP = 4
_LATIN_END = "\u0250"
"""Letters before it look like nothing else; others are escaped, since some look like Latin ones."""


@dataclass(frozen=True, slots=True)
class Bracketed:
    """Items in brackets, after `opening`, which ends with the bracket; those of a call may share a line."""

    opening: str
    items: Sequence[str | Bracketed]
    closing: str = ")"
    is_call: bool = True

    def __str__(self) -> str:
        """All in one line."""
        single = "," if self.closing == ")" and len(self.items) == 1 and not self.is_call else ""
        return f"{self.opening}{', '.join(map(str, self.items))}{single}{self.closing}"


def lines(before: str, value: str | Bracketed, after: str = "", indent: int = _STEP) -> list[str]:
    """`before`, `value` and `after`: in a line, or the items in the next one, or each in one of its own."""
    blank, inner = " " * indent, " " * (indent + _STEP)
    line = f"{blank}{before}{value}{after}"
    if len(line) <= _WIDTH:
        return [line]
    if isinstance(value, str):
        return [f"{line}  # noqa: E501"]
    joined = f"{inner}{', '.join(map(str, value.items))}"
    if value.is_call and len(joined) <= _WIDTH:
        between = [joined]
    else:
        between = [line for item in value.items for line in lines("", item, ",", indent + _STEP)]
    return [f"{blank}{before}{value.opening}", *between, f"{blank}{value.closing}{after}"]


def text(value: str) -> str:
    """A literal in double quotes that shows what is printable and not to be mistaken."""
    return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))


def _shown(char: str) -> str:
    if char.isprintable() and (char.isascii() or (char.isalpha() and char < _LATIN_END)):
        return char
    return char.encode("unicode_escape").decode()
