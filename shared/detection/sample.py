"""Records and cells of a file's beginning, parsed leniently for detection."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal, NamedTuple

from shared.formats.null_spellings import PLACEHOLDERS

_SPACES = re.compile(" +")
_MAX_CUT_VALUE = 16 * 1024
"""Characters of a quoted value that is cut at the end of the head; a quote further up has no end."""


@dataclass(frozen=True, slots=True)
class SampleDialect:
    """How values are separated; the fields are those of `Format`."""

    delimiter: str
    quote: str = '"'
    escape: str = ""
    spaces_around_quotes: bool = False


class SampleRecord(NamedTuple):
    """A record: the physical line it begins on, its values, the indexes of quoted ones, its line end.

    `unclosed` counts values that begin with a quote but do not end with one.
    """

    line: int
    cells: list[str]
    quoted: list[int]
    unclosed: int
    end: str


def read_records(
    text: str, dialect: SampleDialect, first_line: int = 1, *, cr_ends: bool = True
) -> list[SampleRecord]:
    """Read all records of `text`, which begins on `first_line`; a blank line is a record of one empty value.

    `cr_ends` is whether a CR without LF ends a line. The last record may be cut; it then has no line end.
    """
    if dialect.delimiter == " ":
        return _unquoted(text, " ", first_line, cr_ends=cr_ends)
    if not dialect.escape and (not dialect.quote or dialect.quote not in text):
        return _unquoted(text, dialect.delimiter, first_line, cr_ends=cr_ends)
    records: list[SampleRecord] = []
    cells: list[str] = []
    quoted: list[int] = []
    line, unclosed, breaks = first_line, 0, 0
    delimiter, quote = dialect.delimiter, dialect.quote
    for inside, outside, end in _pattern(dialect, cr_ends=cr_ends).findall(text):
        if inside:
            quoted.append(len(cells))
            breaks += _count_line_ends(inside, cr_ends=cr_ends)
            cells.append(inside.replace(quote * 2, quote) if quote in inside else inside)
        else:
            unclosed += quote in outside and bool(quote) and outside.lstrip(" ").startswith(quote)
            cells.append(outside)
        if end and end == delimiter:
            continue
        if end or len(cells) > 1 or cells[0] or quoted:
            records.append(SampleRecord(line, cells, quoted, unclosed, end))
        if not end:
            break
        line += 1 + breaks
        cells, quoted, unclosed, breaks = [], [], 0, 0
    return records


def complete_records(
    records: list[SampleRecord], text: str, dialect: SampleDialect, first_line: int = 1
) -> list[SampleRecord]:
    """Drop the last record of a `text` that was cut anywhere, if it may be incomplete.

    A quoted value that is open at the end was read as several records, which are dropped as well. A single
    record is kept.
    """
    unclosed = next((index for index in reversed(range(len(records))) if records[index].unclosed), None)
    if unclosed and dialect.quote:
        lines = re.split(r"\n|\r(?!\n)" if "\n" not in text else "\n", text)
        rest = "\n".join(lines[records[unclosed].line - first_line :])
        if len(rest) <= _MAX_CUT_VALUE and rest.count(dialect.quote) % 2:
            return records[:unclosed]
    return records[:-1] if len(records) > 1 and not records[-1].end else records


def is_blank(record: SampleRecord) -> bool:
    """Whether the record is an empty line, or a line of spaces."""
    return len(record.cells) == 1 and not record.quoted and not record.cells[0].strip()


@cache
def _pattern(dialect: SampleDialect, *, cr_ends: bool) -> re.Pattern[str]:
    """Return the pattern of a value, quoted or not, and of its end."""
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


def _count_line_ends(text: str, *, cr_ends: bool) -> int:
    if not cr_ends:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _unquoted(text: str, delimiter: str, first_line: int, *, cr_ends: bool) -> list[SampleRecord]:
    lines = re.split(r"(\r\n|\n|\r)" if cr_ends else r"(\r?\n)", text)
    lines += [""] if len(lines) % 2 else []
    return [
        SampleRecord(first_line + index, _split(content, delimiter), [], 0, end)
        for index, (content, end) in enumerate(zip(lines[::2], lines[1::2], strict=True))
        if content or end
    ]


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        return _SPACES.split(line.strip(" "))
    return line.split(delimiter) if delimiter else [line]


CellKind = Literal["empty", "number", "time", "boolean", "text"]

UNTYPED: frozenset[CellKind] = frozenset({"text", "empty"})
_NUMBER = re.compile(
    r"[(+-]?(?:[$€£¥]|[A-Z]{3})?\s?[+-]?"
    r"(?:\d[\d.,'\u2019_\u00a0 ]*|\.\d+)(?:[eE][+-]?\d+)?"
    r"\s?(?:%|[$€£¥]|[A-Z]{3})?\)?-?"
)
_TIME = re.compile(
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4})?(?:[T ]?\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
    r"\s?(?:[AaPp][Mm])?(?:Z|[+-]\d{2}:?\d{2})?"
)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "ja", "nein", "t", "f", "y", "n"})


def cell_kind(text: str) -> CellKind:
    """Return the kind of value that `text` looks like; spellings of a missing value are `empty`."""
    bare = text.strip()
    if not bare:
        return "empty"
    word = bare.lower()
    if word in PLACEHOLDERS:
        return "empty"
    if word in _BOOLEANS:
        return "boolean"
    if not any(map(str.isdigit, bare)):
        return "text"
    if _TIME.fullmatch(bare):
        return "time"
    return "number" if _NUMBER.fullmatch(bare) else "text"


def column_kind(texts: Iterable[str]) -> CellKind:
    """Return the kind that all `texts` have in common, `text` if they have none."""
    kinds = {kind for text in texts if (kind := cell_kind(text)) != "empty"}
    return kinds.pop() if len(kinds) == 1 else "text" if kinds else "empty"


def cell_plausibility(text: str, foreign: Collection[str]) -> float:
    """Return how much `text`, which is not quoted, looks like a whole value, 0 to 1.

    `foreign` are delimiters that a whole value should not contain.
    """
    if cell_kind(text) != "text":
        return 1.0
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":  # noqa: PLR2004
        return 0.1  # quotes that were not recognized
    if any(char in text for char in foreign):
        return 0.1 if any(char in text and f"{char} " not in text for char in foreign) else 0.8
    if text.startswith(" ") or "," in text:
        return 0.8
    return 1.0


_MAX_COMPARED_CELLS = 4000
"""Cells whose kinds are compared; ten rows in any case."""

_MIN_RECORDS = 3
"""Records from which on the first one is compared with those below it."""

_MIN_FITTING_ROWS = 0.9
"""Share of the rows that must be as wide as the first record for it to have the names of their columns."""

_MAX_PREAMBLE = 50
"""Records above a blank line that may be a preamble."""


def could_be_header(record: SampleRecord) -> bool:
    """Whether the record could be a header: its cells are different texts."""
    names = {cell.strip() for cell in record.cells}
    return len(names) == len(record.cells) and all(map(_is_name, names))


def has_typed_column(rows: list[SampleRecord], width: int) -> bool:
    """Whether the `rows` that have `width` values have a column of numbers, dates or booleans."""
    return any(kind not in UNTYPED for kind in _column_kinds(rows, width))


def first_row_is_header(rows: list[SampleRecord], width: int) -> bool:
    """Whether the first of `rows`, none of which is blank, has the names of the columns of the others."""
    if len(rows) < _MIN_RECORDS or len(rows[0].cells) != width or not could_be_header(rows[0]):
        return False
    return sum(len(row.cells) == width for row in rows) >= _MIN_FITTING_ROWS * len(rows)


def is_title_above_table(rows: list[SampleRecord], width: int) -> bool:
    """Whether the first of `rows` is text of another width right above rows of `width` without names.

    A title stands above names or a blank line. This text is a header that the rows do not fit.
    """
    if len(rows) < _MIN_RECORDS:
        return False
    first, below = rows[:2]
    if len(first.cells) == width or len(below.cells) != width or not _are_adjacent(first, below):
        return False
    if first.cells[0].startswith("#") or not all(map(_is_name, first.cells)):
        return False
    return not (could_be_header(below) and has_typed_column(rows[2:], width))


def header_below_blank_line(records: list[SampleRecord], width: int) -> int | None:
    """Return the line of the names between a blank line and rows with numbers or dates, if there is one.

    The records above the blank line may be as wide as the table, but are not a table.
    """
    for index, (blank, names) in enumerate(pairwise(records[:_MAX_PREAMBLE])):
        if (
            any(cell.strip() for cell in blank.cells)
            or len(names.cells) != width
            or not could_be_header(names)
        ):
            continue
        above = [record for record in records[:index] if any(cell.strip() for cell in record.cells)]
        below = records[index + 2 :]
        if above and has_typed_column(below, width) and not _is_table(above, below, width):
            return names.line
    return None


def _is_table(above: list[SampleRecord], below: list[SampleRecord], width: int) -> bool:
    """Whether the records `above` are a table: with a header of their own, or the types of `below`."""
    own = len(above[0].cells)
    if own > 1 and could_be_header(above[0]) and has_typed_column(above[1:], own):
        return True
    return _column_kinds(above, width) == _column_kinds(below, width)


def _column_kinds(rows: list[SampleRecord], width: int) -> list[CellKind]:
    fitting = [row.cells for row in rows[: max(10, _MAX_COMPARED_CELLS // width)] if len(row.cells) == width]
    return [column_kind(column) for column in zip(*fitting, strict=True)]


def _is_name(text: str) -> bool:
    """Whether `text` could be a name: it has a letter; `y` is a name rather than a boolean."""
    bare = text.strip()
    return any(map(str.isalpha, bare)) and (len(bare) == 1 or cell_kind(bare) == "text")


def _are_adjacent(first: SampleRecord, below: SampleRecord) -> bool:
    return below.line - first.line == 1 + sum(cell.count("\n") for cell in first.cells)
