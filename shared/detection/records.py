"""Records of the beginning of a file in a dialect that is tried out, tolerant of whatever does not fit it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

_SPACES = re.compile(" +")
_LONGEST_OPEN = 16 * 1024
"""Characters of a value that is cut at the end of a head; a quote further up is broken."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How values are set apart; the fields are those of `Format`."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    spaces_around_quotes: bool = False


class Record(NamedTuple):
    """One record: the physical line it begins on, its values, the places of quoted ones, its line end.

    `broken` counts values that begin with a quote but do not end with one.
    """

    line: int
    cells: list[str]
    quoted: list[int]
    broken: int
    end: str


def read(text: str, dialect: Dialect, first_line: int = 1, *, cr_ends: bool = True) -> list[Record]:
    """All records of `text`, which begins on `first_line`; blank lines are records of one empty value.

    `cr_ends`: whether a CR alone ends a line. The last record may be cut; it then has no line end.
    """
    if dialect.delimiter == " ":
        return _unquoted(text, " ", first_line, cr_ends=cr_ends)
    if not dialect.escape and (not dialect.quote or dialect.quote not in text):
        return _unquoted(text, dialect.delimiter, first_line, cr_ends=cr_ends)
    found: list[Record] = []
    cells: list[str] = []
    quoted: list[int] = []
    line, broken, breaks = first_line, 0, 0
    delimiter, quote = dialect.delimiter, dialect.quote
    for inside, outside, end in _pattern(dialect, cr_ends=cr_ends).findall(text):
        if inside:
            quoted.append(len(cells))
            breaks += _breaks(inside, cr_ends=cr_ends)
            cells.append(inside.replace(quote * 2, quote) if quote in inside else inside)
        else:
            broken += quote in outside and bool(quote) and outside.lstrip(" ").startswith(quote)
            cells.append(outside)
        if end and end == delimiter:
            continue
        if end or len(cells) > 1 or cells[0] or quoted:
            found.append(Record(line, cells, quoted, broken, end))
        if not end:
            break
        line += 1 + breaks
        cells, quoted, broken, breaks = [], [], 0, 0
    return found


def without_cut(found: list[Record], text: str, dialect: Dialect, first_line: int = 1) -> list[Record]:
    """The records of a `text` that was cut anywhere, without the last if it may not be whole.

    A quoted value that is open at the end was read as broken lines: those go too. Of one record alone,
    what there is stays.
    """
    broken = next((place for place in reversed(range(len(found))) if found[place].broken), None)
    if broken and dialect.quote:
        lines = re.split(r"\n|\r(?!\n)" if "\n" not in text else "\n", text)
        rest = "\n".join(lines[found[broken].line - first_line :])
        if len(rest) <= _LONGEST_OPEN and rest.count(dialect.quote) % 2:
            return found[:broken]
    return found[:-1] if len(found) > 1 and not found[-1].end else found


def is_blank(record: Record) -> bool:
    """Whether it is an empty line, or one of spaces."""
    return len(record.cells) == 1 and not record.quoted and not record.cells[0].strip()


@cache
def _pattern(dialect: Dialect, *, cr_ends: bool) -> re.Pattern[str]:
    """A value, quoted or not, and what ends it."""
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    stops = f"{delimiter}\\n" + ("\\r" if cr_ends else "")
    lone_cr = "" if cr_ends else r"|\r(?!\n)"
    escaped = r"|\\." if dialect.escape else ""
    stray = r"\\\\" if dialect.escape else ""
    outside = (
        f"(?:[^{stops}{stray}" + ("" if cr_ends else r"\r") + f"]|{lone_cr.lstrip('|') or '(?!)'}{escaped})*+"
    )
    ends = [*([delimiter] if delimiter else []), r"\r\n", r"\n", *([r"\r"] if cr_ends else []), r"\Z"]
    end = f"({'|'.join(ends)})"
    if not quote:
        return re.compile(f"()({outside}){end}", re.DOTALL)
    spaces = " *+" if dialect.spaces_around_quotes else ""
    plain = f"[^{quote}{stray}]*+"
    inside = f"{plain}(?:(?:{quote}{quote}{escaped}){plain})*+"
    return re.compile(
        f"(?:{spaces}{quote}({inside}){quote}{spaces}(?={'|'.join(ends)})|({outside})){end}", re.DOTALL
    )


def _breaks(text: str, *, cr_ends: bool) -> int:
    if not cr_ends:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _unquoted(text: str, delimiter: str, first_line: int, *, cr_ends: bool) -> list[Record]:
    lines = re.split(r"(\r\n|\n|\r)" if cr_ends else r"(\r?\n)", text)
    lines += [""] if len(lines) % 2 else []
    return [
        Record(first_line + place, _split(content, delimiter), [], 0, end)
        for place, (content, end) in enumerate(zip(lines[::2], lines[1::2], strict=True))
        if content or end
    ]


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return _SPACES.split(line.strip(" "))
    return line.split(delimiter) if delimiter else [line]
