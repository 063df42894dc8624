"""Scoring: how good a table the records of a dialect make."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from shared.detection import cells, opening, records
from shared.detection.records import Dialect, Record

_JUDGED_CELLS = 300

_SINGLE_COLUMN = 0.2
"""Score of a file with one column: a delimiter has to make a better table than this."""

_PARTIAL = 0.3
"""What a record of another width counts for, beside one of the table's, where it has a delimiter at all."""

_APOSTROPHES = 0.95
"""How much less likely single quotes are than double ones, where they make no better a table."""

_HEADER_UNLIKE = 0.6
"""How much less likely a dialect is in which the rows have another width than the text right above them."""

_LITTLE = 0.1
"""How much better or worse than a single column a table is with no delimiter in the text right above it."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A dialect and how well it does; `width` is that of its table.

    `quoted` counts values in quotes, `broken` those that begin with a quote and do not end with one.
    """

    dialect: Dialect
    score: float
    width: int
    quoted: int
    broken: int


def judge(found: list[Record], dialect: Dialect) -> Judged:
    """How well the records `found` make a table, 0 to 1."""
    rows = [record for record in found if not records.is_blank(record)]
    quoted, broken = sum(len(record.quoted) for record in rows), sum(record.broken for record in rows)
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1}
    if not dialect.delimiter:
        return Judged(dialect, _SINGLE_COLUMN, 1, quoted, broken)
    if not wide:
        return Judged(dialect, 0.0, 1, quoted, broken)
    width = max(wide, key=lambda width: wide[width])  # of equal ones the first to come
    first = next(place for place, record in enumerate(rows) if len(record.cells) >= width)
    table = rows[first:]
    fitting = sum(len(record.cells) == width for record in table)
    partial = sum(len(record.cells) not in {1, width} for record in table)
    consistent = (fitting + _PARTIAL * partial) / len(table)
    plausible = _plausible(table, _foreign(rows, dialect, width))
    score = consistent * (width - 1) / width * plausible**2 * (1 - 0.3 * first / len(rows))
    if first and dialect.delimiter in {",", ";"} and _is_prose(table):
        score /= 2
    if first and len(table) == 1:
        score /= 3  # one line with delimiters below others without
    if dialect.quote == "'" and not _has_doubled(table, dialect):
        score *= _APOSTROPHES
    if opening.differs(rows, width):
        score = _unlike_header(score, rows, dialect)
    if dialect.delimiter == " " and not _is_aligned(rows, width):
        score = 0.0
    return Judged(dialect, score, width, quoted, broken)


def _unlike_header(score: float, rows: list[Record], dialect: Dialect) -> float:
    """The `score` where the first of `rows` is text of another width than those right below it.

    A comma, or what has spaces beside it, is then in the values; a lone semicolon is not sure to be.
    """
    better, worse = (1 + _LITTLE) * _SINGLE_COLUMN, (1 - _LITTLE) * _SINGLE_COLUMN
    if len(rows[0].cells) > 1:
        return max(score * _HEADER_UNLIKE, min(score, better))
    spaced = any(cell != cell.strip(" ") for cell in rows[1].cells)
    return min(score, worse if dialect.delimiter == "," or spaced else better)


def _has_doubled(table: list[Record], dialect: Dialect) -> bool:
    """Whether a quoted value has a quote in it, which was written so that it does not end there."""
    return any(dialect.quote in record.cells[place] for record in table for place in record.quoted)


def _foreign(rows: list[Record], dialect: Dialect, width: int) -> str:
    """Delimiters that values should not have; where names fit all rows, those that are in the names."""
    foreign = "".join(char for char in ";\t|^" if char != dialect.delimiter)
    if not opening.fits(rows, width):
        return foreign
    return "".join(char for char in foreign if any(char in name for name in rows[0].cells))


def _plausible(table: list[Record], foreign: str) -> float:
    """How much the cells look like whole values; quoted ones do."""
    sums, count = 0.0, 0
    for record in table:
        quoted = set(record.quoted)
        for place, cell in enumerate(record.cells):
            sums += 1 if place in quoted else cells.plausibility(cell, foreign)
        sums -= record.broken * 0.9
        count += len(record.cells)
        if count > _JUDGED_CELLS:
            break
    return max(sums, 0.0) / count


def _is_prose(table: list[Record]) -> bool:
    """Whether spaces follow the commas, as in sentences, or in names with the last one first."""
    return all(cell.startswith(" ") for record in table for cell in record.cells[1:] if cell)


def _is_aligned(rows: list[Record], width: int) -> bool:
    """Whether every line has as many words, one column of them numbers or dates below the first line."""
    if len(rows) < 3 or any(len(record.cells) != width for record in rows):  # noqa: PLR2004
        return False
    if any(cell.endswith((",", ";", "|")) for record in rows for cell in record.cells):
        return False
    below = zip(*(record.cells for record in rows[1:]), strict=True)
    return any(cells.column_kind(column) in {"number", "time"} for column in below)
