"""The first byte of a window that needs the exact parser's eye.

Such a byte is a NUL, one that is no UTF-8, a CR without its LF, a quote that neither opens nor closes a field
nor stands beside another one inside of it, an escape, a byte order mark that begins a line (at the start
pyarrow would drop it), the first of a header that comes again, or the one that stands in for a delimiter
where there is none.
"""

from __future__ import annotations

import codecs
from functools import cache

import numpy as np
import numpy.typing as npt

from shared.parsing.dialect import Dialect
from shared.parsing.layout import Layout

LF, CR = b"\n\r"
NO_DELIMITER = "\x1f"
"""What pyarrow is told to be the delimiter of a single column; a line with it is not plain."""

_BOM = codecs.BOM_UTF8
_DECODED_AT_A_TIME = 1024 * 1024

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


def _those(*values: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(values)] = True
    return table


@cache
def _borders(delimiter: str, quote: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """What stands before a quote that opens, and behind one that closes; a CR alone is found on its own."""
    inside = (LF, *delimiter.encode(), *quote.encode())
    return _those(*inside), _those(*inside, CR)


def first(window: bytes, values: Bytes, ends: Places, quotes: Places, layout: Layout) -> int:
    """The place of the first suspicious byte, or the number of `values` if there is none.

    `values` are the bytes of `window`, or of its beginning, `ends` the places of its LFs, `quotes` those of
    its quotes. They must begin where a record does, and end with an LF.
    """
    size = len(values)
    lines = _repeated(layout.headings)
    if window.startswith((_BOM, *(line.removeprefix(b"\n") for line in lines))):
        return 0
    nul = window.find(b"\0", 0, size)
    return min(
        size if nul < 0 else nul,
        *(at for byte in _told(layout.dialect) if (at := window.find(byte, 0, size)) >= 0),
        *(at + 1 for line in lines if (at := window.find(line, 0, size)) >= 0),
        size if window.isascii() else _first_foreign(window, size),
        size if window.find(b"\r", 0, size) < 0 else _first_lone_cr(values, ends),
        _first_stray_quote(values, quotes, layout.dialect) if len(quotes) else size,
    )


@cache
def _repeated(headings: tuple[str, ...]) -> list[bytes]:
    """The lines of a header, if it is one's, with the line end above."""
    lines = {heading.encode("utf-8", "surrogateescape") for heading in headings}
    ends = (b"\n", b"\r\n")
    return [b"\n" + mark + line + end for line in lines for mark in (b"", _BOM) for end in ends]


def _told(dialect: Dialect) -> list[bytes]:
    """Bytes that are suspicious in this dialect."""
    return [
        *([dialect.escape.encode()] if dialect.escape else []),
        *([] if dialect.delimiter else [NO_DELIMITER.encode()]),
    ]


def _first_foreign(window: bytes, size: int) -> int:
    """The first mark that begins a line, or byte that is no UTF-8."""
    mark = window.find(b"\n" + _BOM, 0, size) + 1
    return min(mark or size, _first_not_utf8(memoryview(window)[:size]))


def _first_not_utf8(content: memoryview) -> int:
    at = 0
    while at < len(content):
        piece = content[at : at + _DECODED_AT_A_TIME]
        final = at + len(piece) == len(content)
        try:
            at += codecs.utf_8_decode(piece, "strict", final)[1]
        except UnicodeDecodeError as exc:
            return at + exc.start
    return at


def _first_lone_cr(values: Bytes, ends: Places) -> int:
    in_pairs = np.count_nonzero(values[ends[ends > 0] - 1] == CR)
    if in_pairs == np.count_nonzero(values == CR):
        return len(values)
    places = np.flatnonzero(values == CR)
    return int(places[values[places + 1] != LF][0])


def _first_stray_quote(values: Bytes, quotes: Places, dialect: Dialect) -> int:
    """By turns quotes open and close; a doubled one inside a field closes it and opens it again."""
    opening, closing = quotes[0::2], quotes[1::2]
    may_precede, may_follow = _borders(dialect.delimiter, dialect.quote)
    before = may_precede[values[opening - 1]]
    before[0] |= opening[0] == 0
    after = may_follow[values[closing + 1]]
    return min(
        int(opening[np.argmin(before)]) if not before.all() else len(values),
        int(closing[np.argmin(after)]) if not after.all() else len(values),
    )
