"""The exact parser: records of a CSV file one by one, each with its line number or its error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.errors import FileRefused
from shared.parsing.layout import STANDARD, Dialect
from shared.parsing.lines import LONGEST_RECORD, Lines

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MISSING = r"\N"


class UnclosedQuote(Exception):
    """The lines ended inside a quoted value."""


class TextAfterQuote(Exception):
    """A closing quote is followed by neither a delimiter nor the record's end."""


def split_line(line: str, dialect: Dialect = STANDARD) -> list[str | None] | None:
    """The values of a record of one line, or `None` where only a `QuotedScan` can tell.

    Cut at its quotes, such a line is by turns text outside and inside of quoted values, provided that each
    piece outside is bordered by delimiters. One that is not (a doubled quote leaves an empty one) needs the
    scan. `dialect` has a quote and a delimiter that is not a space, the line no escape.
    """
    delimiter = dialect.delimiter
    pieces = line.split(dialect.quote)
    if len(pieces) % 2 == 0:
        return None
    pieces[0] = f"{delimiter}{pieces[0]}"
    pieces[-1] = f"{pieces[-1]}{delimiter}"
    values: list[str | None] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            values.append(piece)
        elif not (piece.startswith(delimiter) and piece.endswith(delimiter)):
            return None
        elif len(piece) > 1:
            values += [value or None for value in piece[1:-1].split(delimiter)]
    return values


class QuotedScan:
    """The scan of one record.

    A quote opens a quoted value only at the value's beginning; elsewhere it is a character like any other.
    """

    def __init__(self, dialect: Dialect = STANDARD) -> None:
        self._dialect = dialect
        self._values: list[str | None] = []
        self._open: list[str] | None = None  # pieces so far of the value that is open
        self._is_quoted = False  # that one; otherwise an escape stood at the end of its line

    @property
    def is_open(self) -> bool:
        """Whether a value goes on in the next line."""
        return self._open is not None

    def feed(self, line: str, end: str) -> list[str | None] | None:
        """Take the next line and its line end: the record's values, or `None` while it goes on.

        Raises `TextAfterQuote`.
        """
        dialect = self._dialect
        at = len(line) - len(line.lstrip(" ")) if dialect.is_aligned and not self._open else 0
        while True:
            stop = self._value(line, at, end)
            if stop is None:
                return None
            after = dialect.after.match(line, stop)
            if after is None:
                raise TextAfterQuote
            at = after.end()
            if at == len(line) and (dialect.is_aligned or after[0].strip(" ") == ""):
                return self._values

    def _value(self, line: str, at: int, end: str) -> int | None:
        """Read the value that begins or goes on at `at`: where it stops, `None` where it goes on."""
        if self._open is None:
            opening = self._dialect.opening.match(line, at)
            self._is_quoted = opening is not None
            at = opening.end() if opening else at
        pieces, self._open = self._open or [], None
        found = (self._dialect.quoted if self._is_quoted else self._dialect.unquoted).match(line, at)
        stop = found.end() if found else len(line)
        is_cut = found is None or (not self._is_quoted and line[stop:] == "\\")
        if is_cut and (self._is_quoted or end):
            pieces += [line[at:], end]
            self._open = pieces
            return None
        if is_cut:
            stop = len(line)  # an escape at the file's end escapes nothing
        pieces.append(line[at:stop])
        self._values.append(self._text("".join(pieces)))
        return stop + 1 if self._is_quoted else stop

    def _text(self, written: str) -> str | None:
        """The value that is `written` so."""
        if not self._is_quoted:
            if not self._dialect.escape or "\\" not in written:
                return written or None
            return None if written == _MISSING else _ESCAPED.sub(r"\1", written)
        if self._dialect.escape and "\\" in written:
            return self._dialect.doubled.sub(lambda found: found[1] or found[2], written)
        quote = self._dialect.quote
        return written.replace(quote * 2, quote)


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


def parse_records(lines: Lines, width: int | None = None, dialect: Dialect = STANDARD) -> Iterator[Record]:
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
    return None if not delimiter or dialect.is_aligned else split_line(text, dialect)


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
