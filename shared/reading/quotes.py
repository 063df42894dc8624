"""The fields of one record that has quotes, fed line by line while a quoted field is open."""

from __future__ import annotations

import re

_TO_CLOSING_QUOTE = re.compile(r'(?:[^"]++|"")*+(?=")')
"""From inside a quoted field up to the quote that ends it; a doubled quote is a character of the field."""


class UnclosedQuote(Exception):
    """The lines ended inside a quoted field."""


class TextAfterQuote(Exception):
    """A closing quote is followed by neither a comma nor the record's end."""


def split(line: str) -> list[str | None] | None:
    """The fields of a record of one line, or `None` where only a `QuotedScan` can tell.

    Cut at its quotes, such a line is by turns text outside and inside of quoted fields, provided that each
    piece outside is bordered by commas. One that is not (a doubled quote leaves an empty one) needs the scan.
    """
    pieces = line.split('"')
    if len(pieces) % 2 == 0:
        return None
    pieces[0] = f",{pieces[0]}"
    pieces[-1] = f"{pieces[-1]},"
    fields: list[str | None] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            fields.append(piece)
        elif not (piece.startswith(",") and piece.endswith(",")):
            return None
        elif len(piece) > 1:
            fields += [value or None for value in piece[1:-1].split(",")]
    return fields


class QuotedScan:
    """The scan of one record.

    A quote opens a quoted field only at the field's beginning; elsewhere it is a character like any other.
    """

    def __init__(self) -> None:
        self._fields: list[str | None] = []
        self._open: list[str] | None = None  # pieces so far of the quoted field that is open

    @property
    def is_open(self) -> bool:
        """Whether a quoted field waits for its closing quote."""
        return self._open is not None

    def feed(self, line: str, end: str) -> list[str | None] | None:
        """Take the next line and its line end: the record's fields, or `None` while it goes on.

        Raises `TextAfterQuote`.
        """
        at = 0
        while True:
            if self._open is None and not line.startswith('"', at):
                comma = line.find(",", at)
                stop = len(line) if comma < 0 else comma
                self._fields.append(line[at:stop] or None)
            else:
                start = at + 1 if self._open is None else at
                pieces, self._open = self._open or [], None
                found = _TO_CLOSING_QUOTE.match(line, start)
                if found is None:
                    pieces.append(line[start:] + end)
                    self._open = pieces
                    return None
                pieces.append(found[0])
                self._fields.append("".join(pieces).replace('""', '"'))
                stop = found.end() + 1
            if stop >= len(line):
                return self._fields
            if line[stop] != ",":
                raise TextAfterQuote
            at = stop + 1
