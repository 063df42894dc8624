"""The first byte of a window that needs the exact parser's eye.

Such a byte is a NUL, one that is no UTF-8, a CR without its LF, a quote that neither opens nor closes a field
nor stands beside another one inside of it, or a byte order mark at the start, which pyarrow would drop.
"""

from __future__ import annotations

import codecs

import numpy as np
import numpy.typing as npt

LF, CR, QUOTE, COMMA = b'\n\r",'
_BOM = codecs.BOM_UTF8
_DECODED_AT_A_TIME = 1024 * 1024

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


def _those(*values: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(values)] = True
    return table


_BEFORE_OPENING = _those(COMMA, LF, QUOTE)
_AFTER_CLOSING = _those(COMMA, LF, CR, QUOTE)  # a CR alone is found on its own


def first(window: bytes, values: Bytes, ends: Places, quotes: Places) -> int:
    """The place of the first suspicious byte, or the number of `values` if there is none.

    `values` are the bytes of `window`, or of its beginning, `ends` the places of its LFs, `quotes` those of
    its quotes. They must begin where a record does, and end with an LF.
    """
    size = len(values)
    if window.startswith(_BOM):
        return 0
    nul = window.find(b"\0", 0, size)
    return min(
        size if nul < 0 else nul,
        size if window.isascii() else _first_not_utf8(memoryview(window)[:size]),
        size if window.find(b"\r", 0, size) < 0 else _first_lone_cr(values, ends),
        _first_stray_quote(values, quotes) if len(quotes) else size,
    )


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


def _first_stray_quote(values: Bytes, quotes: Places) -> int:
    """By turns quotes open and close; a doubled one inside a field closes it and opens it again."""
    opening, closing = quotes[0::2], quotes[1::2]
    before = _BEFORE_OPENING[values[opening - 1]]
    before[0] |= opening[0] == 0
    after = _AFTER_CLOSING[values[closing + 1]]
    return min(
        int(opening[np.argmin(before)]) if not before.all() else len(values),
        int(closing[np.argmin(after)]) if not after.all() else len(values),
    )
