"""The values of one record that has quotes or escapes, fed line by line while one of them is open."""

from __future__ import annotations

import re

from shared.parsing.dialect import USUAL, Dialect

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MISSING = r"\N"


class UnclosedQuote(Exception):
    """The lines ended inside a quoted value."""


class TextAfterQuote(Exception):
    """A closing quote is followed by neither a delimiter nor the record's end."""


def split(line: str, dialect: Dialect = USUAL) -> list[str | None] | None:
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

    def __init__(self, dialect: Dialect = USUAL) -> None:
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
