"""Detects the dialect of a file: the one in which its beginning makes the best table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from shared.detection import encoding
from shared.detection.sample import (
    SampleDialect,
    SampleRecord,
    cell_plausibility,
    column_kind,
    complete_records,
    first_row_is_header,
    is_blank,
    is_title_above_table,
    read_records,
)
from shared.formats.format import DELIMITERS, Format
from shared.formats.overrides import Overrides

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONE_CR = re.compile(r"\r(?!\n)")


def lone_cr_options(text: str, overrides: str | None) -> tuple[bool, ...]:
    """Whether a CR alone may end a line: the answers to try, the likelier first."""
    if overrides in {"\n", "\r\n"} or not _LONE_CR.search(text):
        return (False,)
    if overrides is not None or "\n" not in text:
        return (True,)
    return (True, False)


def are_lone_crs_line_ends(rows: list[SampleRecord]) -> bool:
    """Whether records that end at a CR alone are like the others, not pieces of one."""
    usual = Counter(len(row.cells) for row in rows).most_common(1)[0][0] if rows else 0
    cut = [len(row.cells) == len(below.cells) == usual for row, below in pairwise(rows) if row.end == "\r"]
    return 2 * sum(cut) >= len(cut)


def line_end_of(rows: list[SampleRecord]) -> str:
    """One of `LINE_ENDS`: what is between the records, line ends inside of quotes apart."""
    ends = [row.end for row in rows if row.end]
    if len(set(ends[:-1])) == 1 and {*ends} == {"\n", "\r\n"}:
        return ends[0]  # a last line that something else has added
    found = set(ends)
    return found.pop() if len(found) == 1 else "mixed" if found else "\n"


def first_lines(text: str, most: int) -> str:
    """The first lines of `text`, `most` of them at most."""
    end = next(islice(_LINE_END.finditer(text), most - 1, None), None)
    return text[: end.end()] if end else text


def lines_from(text: str, first_line: int, wanted: int) -> tuple[int, str]:
    """The number `wanted` and `text`, which begins on `first_line`, from there on; all if it ends before."""
    ends = re.compile(r"\n" if "\n" in text else r"\r")
    at = 0
    for _ in range(wanted - first_line):
        end = ends.search(text, at)
        if end is None:
            return first_line, text
        at = end.end()
    return max(wanted, first_line), text[at:]


def has_lone_cr(head: bytes, form: Format) -> bool:
    """Whether the beginning of a file of `form` has a CR alone outside of quotes."""
    text = encoding.decode_head(head, form.encoding, is_whole=False)
    quote = re.escape(form.quote)
    return _LONE_CR.search(re.sub(f"{quote}[^{quote}]*{quote}", "", text) if quote else text) is not None


_BETWEEN_VALUES = re.compile(r"(?<!\d),|,(?!\d)")
"""A comma that is no decimal one."""


def candidate_dialects(text: str, overrides: Overrides) -> Iterator[SampleDialect]:
    """Dialects of which the text shows a sign; of those that score the same, the first counts."""
    delimiters = DELIMITERS if overrides.delimiter is None else (overrides.delimiter,)
    for delimiter in delimiters:
        if delimiter and delimiter not in text and overrides.delimiter is None:
            continue
        if (
            delimiter == overrides.decimal
            and overrides.delimiter is None
            and not _BETWEEN_VALUES.search(text)
        ):
            continue
        for quote in _quotes(text, delimiter) if overrides.quote is None else (overrides.quote,):
            for escape in _escapes(text, quote) if overrides.escape is None else (overrides.escape,):
                for spaces in _spaces(text, delimiter, quote, overrides):
                    yield SampleDialect(delimiter, quote, escape, spaces)


def _quotes(text: str, delimiter: str) -> tuple[str, ...]:
    """Those that open values; double ones in any case, as a value further down may need them."""
    if delimiter == " ":
        return ("",)
    border = rf"[\n\r{re.escape(delimiter)}]"
    single = re.search(rf"(?:^|{border}) ?'", text) and re.search(rf"'(?:{border}|$)", text)
    return ('"', *(["'"] if single else []), *([""] if '"' in text else []))


def _escapes(text: str, quote: str) -> tuple[str, ...]:
    return ("", "\\") if quote and "\\" + quote in text else ("",)


def _spaces(text: str, delimiter: str, quote: str, overrides: Overrides) -> tuple[bool, ...]:
    if overrides.spaces_around_quotes is not None:
        return (overrides.spaces_around_quotes,)
    if (
        quote
        and delimiter.strip()
        and re.search(rf"{quote} +{re.escape(delimiter)}|{re.escape(delimiter)} +{quote}", text)
    ):
        return (False, True)
    return (False,)


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
class ScoredDialect:
    """A dialect and how well it does; `width` is that of its table.

    `quoted` counts values in quotes, `broken` those that begin with a quote and do not end with one.
    """

    dialect: SampleDialect
    score: float
    width: int
    quoted: int
    broken: int


def score_dialect(found: list[SampleRecord], dialect: SampleDialect) -> ScoredDialect:
    """How well the records `found` make a table, 0 to 1."""
    rows = [record for record in found if not is_blank(record)]
    quoted, broken = sum(len(record.quoted) for record in rows), sum(record.broken for record in rows)
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1}
    if not dialect.delimiter:
        return ScoredDialect(dialect, _SINGLE_COLUMN, 1, quoted, broken)
    if not wide:
        return ScoredDialect(dialect, 0.0, 1, quoted, broken)
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
    if is_title_above_table(rows, width):
        score = _unlike_header(score, rows, dialect)
    if dialect.delimiter == " " and not _is_aligned(rows, width):
        score = 0.0
    return ScoredDialect(dialect, score, width, quoted, broken)


def _unlike_header(score: float, rows: list[SampleRecord], dialect: SampleDialect) -> float:
    """The `score` where the first of `rows` is text of another width than those right below it.

    A comma, or what has spaces beside it, is then in the values; a lone semicolon is not sure to be.
    """
    better, worse = (1 + _LITTLE) * _SINGLE_COLUMN, (1 - _LITTLE) * _SINGLE_COLUMN
    if len(rows[0].cells) > 1:
        return max(score * _HEADER_UNLIKE, min(score, better))
    spaced = any(cell != cell.strip(" ") for cell in rows[1].cells)
    return min(score, worse if dialect.delimiter == "," or spaced else better)


def _has_doubled(table: list[SampleRecord], dialect: SampleDialect) -> bool:
    """Whether a quoted value has a quote in it, which was written so that it does not end there."""
    return any(dialect.quote in record.cells[place] for record in table for place in record.quoted)


def _foreign(rows: list[SampleRecord], dialect: SampleDialect, width: int) -> str:
    """Delimiters that values should not have; where names fit all rows, those that are in the names."""
    foreign = "".join(char for char in ";\t|^" if char != dialect.delimiter)
    if not first_row_is_header(rows, width):
        return foreign
    return "".join(char for char in foreign if any(char in name for name in rows[0].cells))


def _plausible(table: list[SampleRecord], foreign: str) -> float:
    """How much the cells look like whole values; quoted ones do."""
    sums, count = 0.0, 0
    for record in table:
        quoted = set(record.quoted)
        for place, cell in enumerate(record.cells):
            sums += 1 if place in quoted else cell_plausibility(cell, foreign)
        sums -= record.broken * 0.9
        count += len(record.cells)
        if count > _JUDGED_CELLS:
            break
    return max(sums, 0.0) / count


def _is_prose(table: list[SampleRecord]) -> bool:
    """Whether spaces follow the commas, as in sentences, or in names with the last one first."""
    return all(cell.startswith(" ") for record in table for cell in record.cells[1:] if cell)


def _is_aligned(rows: list[SampleRecord], width: int) -> bool:
    """Whether every line has as many words, one column of them numbers or dates below the first line."""
    if len(rows) < 3 or any(len(record.cells) != width for record in rows):  # noqa: PLR2004
        return False
    if any(cell.endswith((",", ";", "|")) for record in rows for cell in record.cells):
        return False
    below = zip(*(record.cells for record in rows[1:]), strict=True)
    return any(column_kind(column) in {"number", "time"} for column in below)


_TRIED_ON = 12 * 1024
"""Characters on which dialects are compared; twice as many, or all there are, where these are few lines."""

_ENOUGH_LINES = 30

_MOST_LINES = 300

_ABOUT_AS_GOOD = 0.85
_SOME_USE = 0.5
"""Share of the best score with which another delimiter is a doubt; less is enough where the best is none."""

_BROKEN_ROWS = 3
"""Broken quotes up to which they are broken rows, not a sign that the file has no quotes."""


def detect_dialect(
    text: str,
    overrides: Overrides,
    bonus: Callable[[list[SampleRecord]], float],
    *,
    cr_ends: bool,
    is_cut: bool,
) -> tuple[SampleDialect, tuple[str, ...]]:
    """The dialect in which `text` makes the best table, and what is doubtful.

    What is `told` is not questioned. `bonus` adds to the score of a reading, for a known header say.
    """
    sizes = (_TRIED_ON, 2 * _TRIED_ON, len(text))
    sample = next(text[:size] for size in sizes if size >= len(text) or _lines(text[:size]) >= _ENOUGH_LINES)
    sample = first_lines(sample, _MOST_LINES)
    is_cut = is_cut or len(sample) < len(text)
    tried = []
    for dialect in candidate_dialects(sample, overrides):
        found = read_records(sample, dialect, cr_ends=cr_ends)
        if is_cut:
            found = complete_records(found, sample, dialect)
        judged = score_dialect(found, dialect)
        tried.append(replace(judged, score=judged.score + bonus(found)))
    tried = [judged for judged in tried if not _gives_up_quotes(judged, tried)]
    tried.sort(key=lambda judged: -judged.score)
    return tried[0].dialect, tuple(_doubts(tried))


def _lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _gives_up_quotes(judged: ScoredDialect, tried: list[ScoredDialect]) -> bool:
    """Whether it takes quotes for other characters, although all but a few are as they should be."""
    if judged.dialect.quote:
        return False
    return any(
        other.dialect.delimiter == judged.dialect.delimiter
        and other.dialect.quote
        and other.quoted + other.broken > 0
        and other.broken <= max(_BROKEN_ROWS, other.quoted)
        for other in tried
    )


def _doubts(tried: list[ScoredDialect]) -> Iterator[str]:
    best = tried[0]
    near = (_ABOUT_AS_GOOD if best.dialect.delimiter else _SOME_USE) * best.score
    for other in tried[1:]:
        if other.dialect.delimiter != best.dialect.delimiter and other.score >= near > 0:
            yield f"{_named(other)} could be the delimiter too: {other.width} columns, not {best.width}."
            break
    if best.broken:
        yield f"{best.broken} values begin with a quote and do not end with one."


def _named(judged: ScoredDialect) -> str:
    return {"": "None", " ": "Space", "\t": "Tab"}.get(judged.dialect.delimiter, judged.dialect.delimiter)
