"""The exact parser: records of a CSV file one by one, and why a record is not a row of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.errors import FileRefused
from shared.parsing.layout import BOM, STANDARD, Dialect
from shared.parsing.lines import MAX_RECORD_BYTES, Lines
from shared.parsing.rejects import Reject, row_reject

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MISSING = r"\N"


class UnclosedQuote(Exception):
    """The lines ended inside a quoted value."""


class TextAfterQuote(Exception):
    """A closing quote is followed by neither a delimiter nor the record's end."""


def split_line(line: str, dialect: Dialect = STANDARD) -> list[str | None] | None:
    """Return the values of a record of one line, or `None` where the line needs a `QuotedScan`.

    The line is split at its quotes: pieces are alternately outside and inside quoted values if each piece
    outside is bordered by delimiters. Otherwise the line needs the scan (a doubled quote leaves an empty
    piece). `dialect` has a quote and a delimiter that is not a space, the line has no escape.
    """
    delimiter = dialect.delimiter
    pieces = line.split(dialect.quote)
    if len(pieces) % 2 == 0:
        return None
    pieces[0] = f"{delimiter}{pieces[0]}"
    pieces[-1] = f"{pieces[-1]}{delimiter}"
    values: list[str | None] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            values.append(piece)
        elif not (piece.startswith(delimiter) and piece.endswith(delimiter)):
            return None
        elif len(piece) > 1:
            values += [value or None for value in piece[1:-1].split(delimiter)]
    return values


class QuotedScan:
    """The scan of one record, line by line.

    A quote opens a quoted value only at the beginning of the value; elsewhere it is an ordinary character.
    """

    def __init__(self, dialect: Dialect = STANDARD) -> None:
        self._dialect = dialect
        self._values: list[str | None] = []
        self._open: list[str] | None = None  # pieces so far of a value that continues on the next line
        self._is_quoted = False  # whether that value is quoted; otherwise its line ends with an escape

    @property
    def is_open(self) -> bool:
        """Whether a value continues on the next line."""
        return self._open is not None

    def feed(self, line: str, end: str) -> list[str | None] | None:
        """Take the next line and its line end; return the values of the record, `None` if it continues.

        Raises `TextAfterQuote`.
        """
        dialect = self._dialect
        at = len(line) - len(line.lstrip(" ")) if dialect.is_aligned and not self._open else 0
        while True:
            stop = self._read_value(line, at, end)
            if stop is None:
                return None
            after = dialect.after.match(line, stop)
            if after is None:
                raise TextAfterQuote
            at = after.end()
            if at == len(line) and (dialect.is_aligned or after[0].strip(" ") == ""):
                return self._values

    def _read_value(self, line: str, at: int, end: str) -> int | None:
        """Read the value that begins or continues at `at`; return its end, `None` if it continues."""
        if self._open is None:
            opening = self._dialect.opening.match(line, at)
            self._is_quoted = opening is not None
            at = opening.end() if opening else at
        pieces, self._open = self._open or [], None
        match = (self._dialect.quoted if self._is_quoted else self._dialect.unquoted).match(line, at)
        stop = match.end() if match else len(line)
        is_cut = match is None or (not self._is_quoted and line[stop:] == "\\")
        if is_cut and (self._is_quoted or end):
            pieces += [line[at:], end]
            self._open = pieces
            return None
        if is_cut:
            stop = len(line)  # an escape at the file's end escapes nothing
        pieces.append(line[at:stop])
        self._values.append(self._unescape("".join(pieces)))
        return stop + 1 if self._is_quoted else stop

    def _unescape(self, written: str) -> str | None:
        """The value of the text `written` in the file, without its quotes."""
        if not self._is_quoted:
            if not self._dialect.escape or "\\" not in written:
                return written or None
            return None if written == _MISSING else _ESCAPED.sub(r"\1", written)
        if self._dialect.escape and "\\" in written:
            return self._dialect.doubled.sub(lambda match: match[1] or match[2], written)
        quote = self._dialect.quote
        return written.replace(quote * 2, quote)


_MAX_BYTES_READ_AGAIN = 2 * MAX_RECORD_BYTES
"""The limit for bytes read a second time after unclosed quotes, in addition to the size of the file so far.

Stray quotes cost less: after each one, reading goes as far as the next quote."""

_UNCLOSED = "a quote is opened on this line and not closed properly"
_TOO_LONG = "a quote is opened on this line and not closed within 1 MB, the limit for a row"
_AFTER_QUOTE = "text follows a closing quote; write a quote inside a quoted value twice"
_NUL = "the line has a NUL character (0x00)"
_NOT_UTF8 = "the line is not valid UTF-8"


class Record(NamedTuple):
    """One record of the file.

    `line` is the physical line on which it begins, starting with 1. `raw` is its text without the line end,
    with invalid bytes as lone surrogates (PEP 383). `fields` are its values, `None` where nothing is between
    two delimiters. `fault` says why the record cannot be used; it has no `fields` then. `after_blank`:
    whether the line before is blank.
    """

    line: int
    raw: str
    fields: Sequence[str | None] = ()
    fault: str | None = None
    after_blank: bool = False


def parse_records(lines: Lines, width: int | None = None, dialect: Dialect = STANDARD) -> Iterator[Record]:
    """Yield the records of `lines` from the next line on, without blank lines.

    A record with a wrong quote is only the line on which it begins: parsing continues with the next line. The
    same goes for a record of several lines that is not a row of `width` fields: there, an open quote was
    closed by a quote of a later line, and padding cannot make it a row. Between two records the caller may
    `skip` whole ones. Raises `FileRefused` where a line is too long, or where so many quotes are unclosed
    that reading lines again would take too long.
    """
    while (first := lines.take()) is not None:
        text = _decode(first)
        if not text or (dialect.is_aligned and not text.strip(" ")):
            lines.last_blank = lines.number
            continue
        after_blank = lines.last_blank == lines.number - 1 > 0
        fields = _split(text, dialect)
        if fields is not None:
            record = _checked_record(lines.number, text, fields)
        else:
            record = _scan(first, lines, width, dialect)
        yield record._replace(after_blank=True) if after_blank else record


def _split(text: str, dialect: Dialect) -> list[str | None] | None:
    """The fields of a record of one line, or `None` where the line needs a scan."""
    delimiter, quote = dialect.delimiter, dialect.quote
    if dialect.escape and "\\" in text:
        return None
    if not quote or quote not in text:
        if not delimiter:
            return [text]
        values = text.split(delimiter)
        return [value for value in values if value] if dialect.is_aligned else [v or None for v in values]
    return None if not delimiter or dialect.is_aligned else split_line(text, dialect)


def _scan(first: bytes, lines: Lines, width: int | None, dialect: Dialect) -> Record:
    """Scan the record that begins with `first`, the last line taken."""
    number = lines.number
    taken = [first]
    size = len(first)
    scan = QuotedScan(dialect)
    try:
        while (fields := scan.feed(_decode(taken[-1]), _line_end(taken[-1]))) is None:
            more = lines.take() if size <= MAX_RECORD_BYTES else None
            if more is None:
                raise UnclosedQuote
            taken.append(more)
            size += len(more)
        if len(taken) > 1 and width is not None and not dialect.fits(fields, width):
            raise UnclosedQuote
    except (TextAfterQuote, UnclosedQuote):
        is_single_line = len(taken) == 1 and not scan.is_open
        lines.put_back(taken[1:])
        if lines.returned > _MAX_BYTES_READ_AGAIN + lines.size:
            raise FileRefused("quotes_unclosed", line=number) from None
        unclosed = _TOO_LONG if size > MAX_RECORD_BYTES else _UNCLOSED
        return Record(number, _decode(first), [], _AFTER_QUOTE if is_single_line else unclosed)
    return _checked_record(number, _decode(b"".join(taken)), fields)


def _decode(line: bytes) -> str:
    return _without_line_end(line).decode("utf-8", "surrogateescape")


def _without_line_end(line: bytes) -> bytes:
    """The line without LF and all CRs before it: two where CRLF was written in text mode on Windows."""
    return line[:-1].rstrip(b"\r") if line.endswith(b"\n") else line.removesuffix(b"\r")


def _line_end(line: bytes) -> str:
    return line[len(_without_line_end(line)) :].decode() if line.endswith(b"\n") else ""


def _checked_record(number: int, raw: str, fields: list[str | None]) -> Record:
    """The record, with a fault where Postgres cannot store its text."""
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


def ragged_reject(line: int, raw: str, fields: int, width: int) -> Reject:
    """Reject a record with `fields` fields where the header has `width`."""
    return row_reject("ragged", line, raw, fields=fields, width=width)


def irregular_reject(record: Record, width: int, *, is_header: bool) -> Reject:
    """Reject a record that is not a row: broken, the header again, or with too many or too few fields."""
    if record.fault:
        return row_reject("unreadable", record.line, record.raw, reason=record.fault)
    if is_header:
        return row_reject("repeated_header", record.line, record.raw)
    if record.raw.startswith(BOM):
        return row_reject("glued", record.line, record.raw)
    return ragged_reject(record.line, record.raw, len(record.fields), width)
