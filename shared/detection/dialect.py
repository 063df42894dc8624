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
from shared.error_codes import warning_text
from shared.formats.format import DELIMITERS, Format
from shared.formats.overrides import Overrides

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONE_CR = re.compile(r"\r(?!\n)")


def lone_cr_options(text: str, override: str | None) -> tuple[bool, ...]:
    """Return whether a CR without LF may end a line: the answers to try, the more likely one first."""
    if override in {"\n", "\r\n"} or not _LONE_CR.search(text):
        return (False,)
    if override is not None or "\n" not in text:
        return (True,)
    return (True, False)


def are_lone_crs_line_ends(rows: list[SampleRecord]) -> bool:
    """Whether records that end at a CR without LF are like the others, and not pieces of one record."""
    width = Counter(len(row.cells) for row in rows).most_common(1)[0][0] if rows else 0
    fits = [len(row.cells) == len(below.cells) == width for row, below in pairwise(rows) if row.end == "\r"]
    return 2 * sum(fits) >= len(fits)


def line_end_of(rows: list[SampleRecord]) -> str:
    """Return the line end between the records, one of `LINE_ENDS`; those inside quotes do not count."""
    ends = [row.end for row in rows if row.end]
    if len(set(ends[:-1])) == 1 and {*ends} == {"\n", "\r\n"}:
        return ends[0]  # another program has added the last line
    kinds = set(ends)
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "\n"


def first_lines(text: str, count: int) -> str:
    """Return the first `count` lines of `text`, or all of them if it has fewer."""
    end = next(islice(_LINE_END.finditer(text), count - 1, None), None)
    return text[: end.end()] if end else text


def lines_from(text: str, first_line: int, wanted: int) -> tuple[int, str]:
    """Cut off the lines above line `wanted`; `text` begins on `first_line`.

    Returns the number of the first line that is left, and the text; all of it if it ends before that line.
    """
    ends = re.compile(r"\n" if "\n" in text else r"\r")
    at = 0
    for _ in range(wanted - first_line):
        end = ends.search(text, at)
        if end is None:
            return first_line, text
        at = end.end()
    return max(wanted, first_line), text[at:]


def has_lone_cr(head: bytes, form: Format) -> bool:
    """Whether the beginning of a file of `form` has a CR without LF outside quotes."""
    text = encoding.decode_head(head, form.encoding, is_whole=False)
    quote = re.escape(form.quote)
    return _LONE_CR.search(re.sub(f"{quote}[^{quote}]*{quote}", "", text) if quote else text) is not None


_COMMA_BETWEEN_VALUES = re.compile(r"(?<!\d),|,(?!\d)")
"""A comma that cannot be a decimal comma."""


def candidate_dialects(text: str, overrides: Overrides) -> Iterator[SampleDialect]:
    """Yield the dialects that the text shows a sign of; the first of equal scores is chosen."""
    delimiters = DELIMITERS if overrides.delimiter is None else (overrides.delimiter,)
    for delimiter in delimiters:
        if overrides.delimiter is None and not _may_be_delimiter(delimiter, text, overrides):
            continue
        for quote in _quotes(text, delimiter) if overrides.quote is None else (overrides.quote,):
            for escape in _escapes(text, quote) if overrides.escape is None else (overrides.escape,):
                for spaces in _spaces(text, delimiter, quote, overrides):
                    yield SampleDialect(delimiter, quote, escape, spaces)


def _may_be_delimiter(delimiter: str, text: str, overrides: Overrides) -> bool:
    if delimiter not in text:
        return False
    return delimiter != overrides.decimal or _COMMA_BETWEEN_VALUES.search(text) is not None


def _quotes(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the quotes that begin values; always double ones, which a value further down may need."""
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


_MAX_SCORED_CELLS = 300

_SINGLE_COLUMN_SCORE = 0.2
"""Score of a file with one column: a delimiter has to make a better table than this."""

_OTHER_WIDTH_WEIGHT = 0.3
"""Weight of a record of another width than the table's, if it has a delimiter at all."""

_SINGLE_QUOTES_FACTOR = 0.95
"""How much less likely single quotes are than double ones, unless they make a better table."""

_HEADER_UNLIKE_ROWS_FACTOR = 0.6
"""How much less likely a dialect is in which the rows have another width than the text right above them."""

_NO_DELIMITER_ABOVE_MARGIN = 0.1
"""How far a table scores from a single column if the text right above it has no delimiter."""


@dataclass(frozen=True, slots=True)
class ScoredDialect:
    """A dialect and its score; `width` is that of its table.

    `quoted` counts values in quotes, `unclosed` those that begin with a quote and do not end with one.
    """

    dialect: SampleDialect
    score: float
    width: int
    quoted: int
    unclosed: int


def score_dialect(records: list[SampleRecord], dialect: SampleDialect) -> ScoredDialect:
    """Score how good a table the records make, 0 to 1."""
    rows = [record for record in records if not is_blank(record)]
    quoted, unclosed = sum(len(record.quoted) for record in rows), sum(record.unclosed for record in rows)
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1}
    if not dialect.delimiter:
        return ScoredDialect(dialect, _SINGLE_COLUMN_SCORE, 1, quoted, unclosed)
    if not wide:
        return ScoredDialect(dialect, 0.0, 1, quoted, unclosed)
    width = max(wide, key=lambda width: wide[width])  # the first of equally frequent ones
    return ScoredDialect(dialect, _table_score(rows, dialect, width), width, quoted, unclosed)


def _table_score(rows: list[SampleRecord], dialect: SampleDialect, width: int) -> float:
    """Score the records, none of which is blank, as a table of `width` columns."""
    first = next(index for index, record in enumerate(rows) if len(record.cells) >= width)
    table = rows[first:]
    fitting = sum(len(record.cells) == width for record in table)
    partial = sum(len(record.cells) not in {1, width} for record in table)
    consistent = (fitting + _OTHER_WIDTH_WEIGHT * partial) / len(table)
    plausible = _plausibility(table, _foreign_delimiters(rows, dialect, width))
    score = consistent * (width - 1) / width * plausible**2 * (1 - 0.3 * first / len(rows))
    if first and dialect.delimiter in {",", ";"} and _is_prose(table):
        score /= 2
    if first and len(table) == 1:
        score /= 3  # one line with delimiters below others without
    if dialect.quote == "'" and not _has_doubled_quote(table, dialect):
        score *= _SINGLE_QUOTES_FACTOR
    if is_title_above_table(rows, width):
        score = _score_below_unlike_header(score, rows, dialect)
    if dialect.delimiter == " " and not _is_aligned(rows, width):
        return 0.0
    return score


def _score_below_unlike_header(score: float, rows: list[SampleRecord], dialect: SampleDialect) -> float:
    """Lower the `score` of a table whose first record is text of another width than the rows below it.

    A comma, or a delimiter with spaces beside it, is then part of the values. A semicolon without spaces
    need not be.
    """
    better = (1 + _NO_DELIMITER_ABOVE_MARGIN) * _SINGLE_COLUMN_SCORE
    worse = (1 - _NO_DELIMITER_ABOVE_MARGIN) * _SINGLE_COLUMN_SCORE
    if len(rows[0].cells) > 1:
        return max(score * _HEADER_UNLIKE_ROWS_FACTOR, min(score, better))
    spaced = any(cell != cell.strip(" ") for cell in rows[1].cells)
    return min(score, worse if dialect.delimiter == "," or spaced else better)


def _has_doubled_quote(table: list[SampleRecord], dialect: SampleDialect) -> bool:
    """Whether a quoted value contains a quote, which was doubled so that the value does not end there."""
    return any(dialect.quote in record.cells[index] for record in table for index in record.quoted)


def _foreign_delimiters(rows: list[SampleRecord], dialect: SampleDialect, width: int) -> str:
    """Return delimiters that values should not contain; below a fitting header, those in its names."""
    foreign = "".join(char for char in ";\t|^" if char != dialect.delimiter)
    if not first_row_is_header(rows, width):
        return foreign
    return "".join(char for char in foreign if any(char in name for name in rows[0].cells))


def _plausibility(table: list[SampleRecord], foreign: str) -> float:
    """Return how much the cells look like whole values, 0 to 1; quoted ones do."""
    total, count = 0.0, 0
    for record in table:
        quoted = set(record.quoted)
        for index, cell in enumerate(record.cells):
            total += 1 if index in quoted else cell_plausibility(cell, foreign)
        total -= record.unclosed * 0.9
        count += len(record.cells)
        if count > _MAX_SCORED_CELLS:
            break
    return max(total, 0.0) / count


def _is_prose(table: list[SampleRecord]) -> bool:
    """Whether spaces follow the delimiters, as in sentences, or in names with the last name first."""
    return all(cell.startswith(" ") for record in table for cell in record.cells[1:] if cell)


def _is_aligned(rows: list[SampleRecord], width: int) -> bool:
    """Whether all lines have the same number of words, with a column of numbers or dates below the first."""
    if len(rows) < 3 or any(len(record.cells) != width for record in rows):  # noqa: PLR2004
        return False
    if any(cell.endswith((",", ";", "|")) for record in rows for cell in record.cells):
        return False
    below = zip(*(record.cells for record in rows[1:]), strict=True)
    return any(column_kind(column) in {"number", "time"} for column in below)


_SAMPLE_SIZE = 12 * 1024
"""Characters on which dialects are compared; twice as many, or all there are, if these are few lines."""

_MIN_SAMPLE_LINES = 30
_MAX_SAMPLE_LINES = 300

_SIMILAR_SCORE = 0.85
_SIMILAR_TO_SINGLE_COLUMN = 0.5
"""Share of the best score from which on another delimiter is worth a warning; less is enough if the best
dialect has no delimiter."""

_MAX_UNCLOSED_QUOTES = 3
"""Unclosed quotes up to which they are faults of rows, not a sign that the file has no quotes."""


def detect_dialect(
    text: str,
    overrides: Overrides,
    bonus: Callable[[list[SampleRecord]], float],
    *,
    cr_ends: bool,
    is_cut: bool,
) -> tuple[SampleDialect, tuple[str, ...]]:
    """Return the dialect in which `text` makes the best table, and warnings.

    `overrides` are taken as they are. `bonus` adds to the score of the records, for example for a known
    header.
    """
    sizes = (_SAMPLE_SIZE, 2 * _SAMPLE_SIZE, len(text))
    sample = next(
        text[:size] for size in sizes if size >= len(text) or _count_lines(text[:size]) >= _MIN_SAMPLE_LINES
    )
    sample = first_lines(sample, _MAX_SAMPLE_LINES)
    is_cut = is_cut or len(sample) < len(text)
    candidates = []
    for dialect in candidate_dialects(sample, overrides):
        records = read_records(sample, dialect, cr_ends=cr_ends)
        if is_cut:
            records = complete_records(records, sample, dialect)
        scored = score_dialect(records, dialect)
        candidates.append(replace(scored, score=scored.score + bonus(records)))
    candidates = [scored for scored in candidates if not _ignores_quotes(scored, candidates)]
    candidates.sort(key=lambda scored: -scored.score)
    return candidates[0].dialect, tuple(_warnings(candidates))


def _count_lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _ignores_quotes(scored: ScoredDialect, candidates: list[ScoredDialect]) -> bool:
    """Whether the dialect treats quotes as ordinary characters, although nearly all are correct quotes."""
    if scored.dialect.quote:
        return False
    return any(
        other.dialect.delimiter == scored.dialect.delimiter
        and other.dialect.quote
        and other.quoted + other.unclosed > 0
        and other.unclosed <= max(_MAX_UNCLOSED_QUOTES, other.quoted)
        for other in candidates
    )


_DELIMITERS_IN_WORDS = {
    ",": "with commas",
    ";": "with semicolons",
    "\t": "with tabs",
    "|": "with pipes (|)",
    "^": "with carets (^)",
    " ": "with spaces",
    "": "without a delimiter",
}


def _warnings(candidates: list[ScoredDialect]) -> Iterator[str]:
    best = candidates[0]
    similar = (_SIMILAR_SCORE if best.dialect.delimiter else _SIMILAR_TO_SINGLE_COLUMN) * best.score
    for other in candidates[1:]:
        if other.dialect.delimiter != best.dialect.delimiter and other.score >= similar > 0:
            columns = f"{other.width} column{'s' if other.width > 1 else ''} instead of {best.width}"
            delimiter = _DELIMITERS_IN_WORDS[other.dialect.delimiter]
            yield warning_text("delimiter_ambiguous", delimiter=delimiter, columns=columns)
            break
    if best.unclosed:
        yield warning_text("quotes_unclosed", count=best.unclosed)
