"""Parses a file: simple records with pyarrow, everything else record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from shared.errors import FileRefused
from shared.parsing import chunk, fast_path
from shared.parsing.chunk import RowChunk
from shared.parsing.fast_path import NeedsExactParser, SimpleRecords
from shared.parsing.layout import Layout
from shared.parsing.lines import LONGEST_RECORD, Lines
from shared.parsing.records import Record

_WIDEST = 4 * 1024 * 1024
_FIRST = 1024 * 1024
_NARROWEST = 64 * 1024
"""Bytes looked at in one go, few at first so that the server has something to do soon. The next window is
twice as wide as what the last one gave, so that looking costs in proportion to what is gained by it."""

_WORTHWHILE = 4 * 1024
"""Bytes below which pyarrow's start costs more than the exact parser."""

_FEWEST, _MOST = 32, 2048
"""Records that the exact parser reads before the next look; doubled each time that the look gave little."""


def parse_chunks(lines: Lines, exact: Iterator[Record], layout: Layout) -> Iterator[RowChunk]:
    """The file from the line that comes next; `exact` are the records of the same `lines`.

    Raises `FileRefused` where the file turns out to be none, after the stretch before that place.
    """
    while layout.dialect.is_aligned and lines.ahead(1):
        yield from _exact(exact, _MOST, layout)
    width, turn = min(_FIRST, _WIDEST), _FEWEST
    while window := lines.ahead(width):
        found, read = _look(window, lines, layout)
        del window  # from here on the stretch alone keeps it, and is not kept here either
        if read:
            lines.skip(found.size, found.lines)
            lines.last_blank = int(found.blank[-1]) if len(found.blank) else lines.last_blank
            if read.records:
                yield read
        elif not found.size and not found.trouble and _may_grow(width):
            width *= 4
            continue
        is_read = read is not None
        del read
        if found.trouble or not is_read:
            turn = _FEWEST if is_read and found.size >= _NARROWEST else min(2 * turn, _MOST)
            yield from _exact(exact, turn, layout)
        width = min(max(2 * found.size, _NARROWEST), _WIDEST)


def _look(window: bytes, lines: Lines, layout: Layout) -> tuple[SimpleRecords, RowChunk | None]:
    """The plain beginning of `window`, in which `lines` go on, and its stretch where that pays."""
    number = lines.number + 1
    found = fast_path.find_simple_records(window, number, layout)
    if lines.last_blank == lines.number > 0:
        found = replace(found, blank=np.append(lines.number, found.blank))
    try:
        return found, _plain(window, found, layout)
    except NeedsExactParser as exc:
        found = _before(found, exc.place, number)
        return found, _plain(window, found, layout)


def _plain(window: bytes, found: SimpleRecords, layout: Layout) -> RowChunk | None:
    if not found.size or (found.trouble and found.size < _WORTHWHILE):
        return None
    return fast_path.read_simple_records(window, found, layout)


def _before(found: SimpleRecords, place: int, number: int) -> SimpleRecords:
    """The records of `found`, which begins on line `number`, before the one at `place`."""
    return SimpleRecords(
        size=int(found.starts[place]),
        lines=int(found.numbers[place]) - number,
        starts=found.starts[:place],
        ends=found.ends[:place],
        numbers=found.numbers[:place],
        blank=found.blank[found.blank < found.numbers[place]],
        trouble=True,
    )


def _may_grow(width: int) -> bool:
    """Whether a window in which no record ends may just have been too narrow for it."""
    return width < min(_WIDEST, 2 * LONGEST_RECORD)


def _exact(records: Iterator[Record], most: int, layout: Layout) -> Iterator[RowChunk]:
    read: list[Record] = []
    refused: FileRefused | None = None
    try:
        for record in islice(records, most):
            read.append(record)  # noqa: PERF402  # those before a refusal stay
    except FileRefused as exc:
        refused = exc
    if read:
        yield chunk.chunk_from_records(read, layout)
    if refused:
        raise refused
