"""Detection: the format of a file from its first bytes, never without saying what could be otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from shared.detection import compression, dialect, encoding, foreign, header, line_ends, records, sep_line
from shared.detection.encoding import Encoding
from shared.detection.header import Header
from shared.detection.records import Dialect, Record
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides

HEAD = 64 * 1024
"""Bytes of a file that are looked at; more make it slow and no better."""

_MOST_LINES = 1000
"""Lines of the head that are looked at; the values of a file of short ones are soon known."""

_KNOWN_HEADER = 10.0
"""What a header with all known names adds to the score of a dialect, which is 1 at most without."""


def detect(
    head: bytes,
    *,
    is_whole: bool,
    overrides: Overrides | None = None,
    known_columns: Collection[str] | None = None,
) -> Format:
    """The format of the file that begins with `head`, its first bytes after decompression, `HEAD` at most.

    `is_whole` if there are no more; otherwise the end may be cut anywhere. `overrides` are not questioned.
    `known_columns` are the spellings of a contract's columns, as `spellings.fields` has them: the line with
    them is the header. Raises `FileRefused`, code `not_csv`, for other kinds of file; an empty one is none.
    """
    told, known, head = overrides or Overrides(), frozenset(known_columns or ()), head[:HEAD]
    found = _encoding(head, told, is_whole=is_whole)
    text = encoding.decoded(head, found.name, is_whole=is_whole)
    if not is_whole:
        text = text.removesuffix("\r")  # half a CRLF, perhaps
    text, first_line, sep = sep_line.without(text, told)
    told_by_both = replace(told, delimiter=sep) if sep is not None and told.delimiter is None else told
    start, text = line_ends.from_line(text, first_line, told.header_line or first_line)
    best, rows, doubts = _table(text, start, told_by_both, known, is_whole=is_whole)
    ends = line_ends.of(rows)
    top = _header(rows, known, told, is_whole=is_whole)
    detected = Format(
        encoding=found.name,
        has_bom=found.has_bom,
        delimiter=best.delimiter,
        quote=best.quote,
        escape=best.escape,
        spaces_around_quotes=best.spaces_around_quotes,
        line_end=ends,
        sep_line=first_line > 1,
        header_line=top.line,
        header_lines=top.records,
        has_trailing_delimiter=bool(best.delimiter.strip() or best.delimiter == "\t") and _trails(rows, top),
        doubts=(*found.doubts, *doubts, *top.doubts),
    )
    return _with_told(detected, told)


def _encoding(head: bytes, told: Overrides, *, is_whole: bool) -> Encoding:
    still = compression.detect(head)
    if still:
        raise FileRefused("not_csv", f"The file is compressed by {still} inside.", found=still)
    foreign.refuse(head)
    found = encoding.chosen(told.encoding, encoding.detect(head, is_whole=is_whole))
    if not found.name.startswith(("utf-16", "utf-32")) and told.encoding is None:
        foreign.refuse_binary(head)
    return found


def _table(
    text: str, first_line: int, told: Overrides, known: frozenset[str], *, is_whole: bool
) -> tuple[Dialect, list[Record], tuple[str, ...]]:
    """The best dialect, all whole records in it, and what is doubtful about it."""

    def bonus(rows: list[Record]) -> float:
        match = header.known(rows, known)
        return _KNOWN_HEADER * match.matches / len(known) * header.fit(rows, match) if match else 0.0

    some = line_ends.first(text, _MOST_LINES)
    is_whole = is_whole and len(some) == len(text)
    for cr_ends in line_ends.ways(text, told.line_end):
        best, doubts = dialect.detect(some, told, bonus, cr_ends=cr_ends, is_cut=not is_whole)
        rows = records.read(some, best, first_line, cr_ends=cr_ends)
        if not is_whole:
            rows = records.without_cut(rows, some, best, first_line)
        if not cr_ends or line_ends.are_real(rows):
            break
    return best, rows, doubts


def _header(rows: list[Record], known: frozenset[str], told: Overrides, *, is_whole: bool) -> Header:
    if told.header_line:
        top = next((row for row in rows if not records.is_blank(row)), None)
        return Header(told.header_line, width=len(top.cells) if top else 1)
    match = header.known(rows, known)
    if match:
        return match
    if len(rows) == 1 and not is_whole:
        doubt = f"The first {HEAD // 1024} KB are a single record; it is taken for the header."
        return Header(rows[0].line, width=len(rows[0].cells), doubts=(doubt,))
    found = header.detect(rows)
    if known and rows:
        return replace(found, doubts=(*found.doubts, "No line has the names of the known columns."))
    return found


def _trails(rows: list[Record], top: Header) -> bool:
    """Whether the rows have an empty value at their end for which the header has no name."""
    place = next((place for place, row in enumerate(rows) if row.line == top.line), None)
    names = (
        rows[place + top.records - 1].cells
        if place is not None and place + top.records <= len(rows)
        else None
    )
    below = [row for row in rows[0 if place is None else place + top.records :] if not records.is_blank(row)]
    width = len(names) if names else top.width
    fitting = [row for row in below if len(row.cells) in {width, width + 1}]
    if names and names[-1].strip():
        fitting = [row for row in fitting if len(row.cells) > width]
        return len(fitting) * 2 > len(below) and not any(row.cells[-1] for row in fitting)
    return width > 1 and not any(row.cells[-1] for row in fitting)


def _with_told(detected: Format, told: Overrides) -> Format:
    """`detected` with what was told in its place."""
    values = {**told.given(), "encoding": detected.encoding}  # its byte order was looked for
    if told.header_line == 0:
        values["header_line"] = None
    return replace(detected, **values, told=tuple(told.given()))
