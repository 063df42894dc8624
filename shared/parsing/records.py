"""Records of a CSV file in its dialect, each with its line number and, if it is broken, the fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.errors import FileRefused
from shared.parsing import quotes
from shared.parsing.dialect import USUAL, Dialect
from shared.parsing.lines import LONGEST_RECORD, Lines
from shared.parsing.quotes import QuotedScan, TextAfterQuote, UnclosedQuote

_MOST_READ_AGAIN = 2 * LONGEST_RECORD
"""Bytes read a second time behind unclosed quotes, besides as many as the file had up to there, before it
counts as no CSV file at all. Stray quotes cost less: behind each, reading goes as far as the next quote."""

_UNCLOSED = "a quote is opened on this line and not closed properly"
_TOO_LONG = "a quote is opened on this line and not closed within 1 MB, the most that a row may have"
_AFTER_QUOTE = "text follows a closing quote; a quote inside a quoted value is written twice"
_NUL = "the line holds a NUL character (0x00)"
_NOT_UTF8 = "the line is not valid UTF-8"


class Record(NamedTuple):
    """One record of the file.

    `line` is the physical line that it begins on, the file's first being 1. `raw` is its text without the
    line end, invalid bytes as lone surrogates (PEP 383). `fields` are its values, `None` where nothing
    stood between two delimiters. `fault` says in plain words why they cannot be used; then there are none.
    `after_blank`: whether the line before is a blank one.
    """

    line: int
    raw: str
    fields: Sequence[str | None] = ()
    fault: str | None = None
    after_blank: bool = False


def parse(lines: Lines, width: int | None = None, dialect: Dialect = USUAL) -> Iterator[Record]:
    """The records of `lines` from the line that comes next, blank lines left out.

    A record with a broken quote costs the one line that it begins on: reading goes on with the next. So
    does one of several lines that is no row of `width` fields: an open quote ran into the quotes of a later
    line, and no padding makes that a row. Between two records the caller may `skip` whole ones. Raises
    `FileRefused` where a line is too long, or quotes are so broken that reading lines again would take for
    ever.
    """
    while (first := lines.take()) is not None:
        text = _text(first)
        if not text or (dialect.is_aligned and not text.strip(" ")):
            lines.last_blank = lines.number
            continue
        after_blank = lines.last_blank == lines.number - 1 > 0
        fields = _of_one_line(text, dialect)
        if fields is not None:
            record = _checked(lines.number, text, fields)
        else:
            record = _scanned(first, lines, width, dialect)
        yield record._replace(after_blank=True) if after_blank else record


def _of_one_line(text: str, dialect: Dialect) -> list[str | None] | None:
    """The fields of a line that is a record, or `None` where only a scan can tell."""
    delimiter, quote = dialect.delimiter, dialect.quote
    if dialect.escape and "\\" in text:
        return None
    if not quote or quote not in text:
        if not delimiter:
            return [text]
        values = text.split(delimiter)
        return [value for value in values if value] if dialect.is_aligned else [v or None for v in values]
    return None if not delimiter or dialect.is_aligned else quotes.split(text, dialect)


def _scanned(first: bytes, lines: Lines, width: int | None, dialect: Dialect) -> Record:
    """The record that begins with the line `first`, which was just taken."""
    number = lines.number
    taken = [first]
    size = len(first)
    scan = QuotedScan(dialect)
    try:
        while (fields := scan.feed(_text(taken[-1]), _end(taken[-1]))) is None:
            more = lines.take() if size <= LONGEST_RECORD else None
            if more is None:
                raise UnclosedQuote
            taken.append(more)
            size += len(more)
        if len(taken) > 1 and width is not None and not dialect.fits(fields, width):
            raise UnclosedQuote
    except (TextAfterQuote, UnclosedQuote):
        single = len(taken) == 1 and not scan.is_open
        lines.put_back(taken[1:])
        if lines.returned > _MOST_READ_AGAIN + lines.size:
            raise _too_often_unclosed(number) from None
        unclosed = _TOO_LONG if size > LONGEST_RECORD else _UNCLOSED
        return Record(number, _text(first), [], _AFTER_QUOTE if single else unclosed)
    return _checked(number, _text(b"".join(taken)), fields)


def _text(line: bytes) -> str:
    return _bare(line).decode("utf-8", "surrogateescape")


def _bare(line: bytes) -> bytes:
    """Without the line end: LF and all CRs before it, two where CRLF was written as text on Windows."""
    return line[:-1].rstrip(b"\r") if line.endswith(b"\n") else line.removesuffix(b"\r")


def _end(line: bytes) -> str:
    return line[len(_bare(line)) :].decode() if line.endswith(b"\n") else ""


def _checked(number: int, raw: str, fields: list[str | None]) -> Record:
    """The record, or what makes its text unfit for a text column."""
    if "\0" in raw:
        return Record(number, raw, [], _NUL)
    if not raw.isascii() and _has_surrogates(raw):
        return Record(number, raw, [], _NOT_UTF8)
    return Record(number, raw, fields)


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _too_often_unclosed(number: int) -> FileRefused:
    return FileRefused(
        "quotes_unclosed",
        f"Too many quotes are opened and never closed, one of them at line {number}.",
        line=number,
    )
