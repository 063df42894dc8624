"""The plain beginning of a window of bytes: whole records that pyarrow reads as the exact parser does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.parsing import suspicion
from shared.parsing.layout import Layout
from shared.parsing.lines import LONGEST_RECORD
from shared.parsing.suspicion import CR, LF, Bytes, Places

MOST_RECORDS = 100_000
"""Records of one stretch; with `_MOST_MARKS` it bounds the memory that the places of records take."""

_MOST_MARKS = 1_000_000
"""Quotes and line ends looked at together, 8 bytes each."""

_LOOKED_AT_A_TIME = 256 * 1024
"""Bytes; few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Records at a window's beginning, blank lines left out.

    The one at a position goes from `starts` to before `ends`, its LF, and begins on line `numbers`. They
    take `size` bytes and `lines` lines, blank ones included, which have the numbers `blank`. `trouble` says
    whether a record follows that needs the exact parser.
    """

    size: int
    lines: int
    starts: Places
    ends: Places
    numbers: npt.NDArray[np.int64]
    blank: npt.NDArray[np.int64]
    trouble: bool


def find(window: bytes, number: int, layout: Layout) -> Plain:
    """The plain records at the beginning of `window`, which starts with a record on line `number`.

    A record at the file's end that has no line end is not among them: where its last field is missing and
    the one before is quoted, pyarrow takes it for quoted too.
    """
    marks, values = _marks(window, layout.dialect.quote)
    is_quote = values[marks] != LF
    is_outside = np.cumsum(is_quote, dtype=np.uint8) % 2 == 0
    suspicious = suspicion.first(window, values, marks[~is_quote], marks[is_quote], layout)
    is_end = ~is_quote & is_outside
    ends, after = marks[is_end], np.cumsum(~is_quote)[is_end]
    return _cut(values, ends, after, suspicious, number)


def _marks(window: bytes, quote: str) -> tuple[Places, Bytes]:
    """The places of quotes and LFs in the lines of `window`, or in its first ones where they are too many."""
    values = np.frombuffer(window, np.uint8)
    found: list[Places] = []
    stop = 0
    while stop < len(values) and sum(map(len, found)) < _MOST_MARKS:
        piece = values[stop : stop + _LOOKED_AT_A_TIME]
        is_mark = (piece == LF) | (piece == ord(quote)) if quote else piece == LF
        found.append(np.flatnonzero(is_mark) + stop)
        stop += len(piece)
    size = window.rfind(b"\n", 0, stop) + 1
    marks = np.concatenate(found)
    return marks[: np.searchsorted(marks, size)], values[:size]


def _cut(values: Bytes, ends: Places, after: Places, suspicious: int, number: int) -> Plain:
    """The records that end at `ends`, `after` so many lines, up to the first that is not plain."""
    starts = np.append(0, ends + 1)[:-1]
    is_exact = (ends - starts > LONGEST_RECORD) | (ends > suspicious)
    plain = int(np.argmax(is_exact)) if is_exact.any() else len(ends)
    count = min(plain, MOST_RECORDS)
    starts, ends, numbers = starts[:count], ends[:count], number + np.append(0, after)[:count]
    is_full = ~np.isin(values[starts], (CR, LF))
    return Plain(
        size=int(ends[-1]) + 1 if count else 0,
        lines=int(after[count - 1]) if count else 0,
        starts=starts[is_full],
        ends=ends[is_full],
        numbers=numbers[is_full],
        blank=numbers[~is_full],
        trouble=count == plain and (plain < len(ends) or suspicious < len(values)),
    )
