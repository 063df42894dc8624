"""Parses a file in chunks: simple records with pyarrow, all other records one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np

from shared.errors import FileRefused
from shared.parsing import chunk, fast_path
from shared.parsing.chunk import RowChunk
from shared.parsing.exact_parser import Record
from shared.parsing.fast_path import NeedsExactParser, SimpleRecords
from shared.parsing.layout import Layout
from shared.parsing.lines import MAX_RECORD_BYTES, Lines

_MAX_WINDOW = 4 * 1024 * 1024
_FIRST_WINDOW = 1024 * 1024
_MIN_WINDOW = 64 * 1024
"""Bytes scanned together. The first window is small so that the first rows reach Postgres soon. The next
window is twice as large as the simple records of the last one, so that the cost of scanning is in proportion
to the records that it finds."""

_MIN_FAST_BYTES = 4 * 1024
"""Bytes below which the start of pyarrow costs more than the exact parser."""

_MIN_EXACT, _MAX_EXACT = 32, 2048
"""Records that the exact parser reads before the next scan; doubled whenever a scan finds few records."""


def parse_chunks(lines: Lines, exact: Iterator[Record], layout: Layout) -> Iterator[RowChunk]:
    """Yield the rest of the file from the next line on; `exact` parses the same `lines` record by record.

    Raises `FileRefused` where the file cannot be parsed, after the chunk before that record.
    """
    while layout.dialect.is_aligned and lines.ahead(1):
        yield from _exact(exact, _MAX_EXACT, layout)
    size, count = min(_FIRST_WINDOW, _MAX_WINDOW), _MIN_EXACT
    while window := lines.ahead(size):
        simple, read = _read_simple(window, lines, layout)
        del window  # from here on only the chunk refers to it, and the chunk is not kept here either
        if read:
            lines.skip(simple.size, simple.lines)
            lines.last_blank = int(simple.blank[-1]) if len(simple.blank) else lines.last_blank
            if read.records:
                yield read
        elif not simple.size and not simple.needs_exact and _may_grow(size):
            size *= 4
            continue
        is_read = read is not None
        del read
        if simple.needs_exact or not is_read:
            count = _MIN_EXACT if is_read and simple.size >= _MIN_WINDOW else min(2 * count, _MAX_EXACT)
            yield from _exact(exact, count, layout)
        size = min(max(2 * simple.size, _MIN_WINDOW), _MAX_WINDOW)


def _read_simple(window: bytes, lines: Lines, layout: Layout) -> tuple[SimpleRecords, RowChunk | None]:
    """The simple records at the beginning of `window`, the next bytes of `lines`, and their chunk.

    The chunk is `None` where the exact parser should read them.
    """
    number = lines.number + 1
    simple = fast_path.find_simple_records(window, number, layout)
    if lines.last_blank == lines.number > 0:
        simple = replace(simple, blank=np.append(lines.number, simple.blank))
    try:
        return simple, _read_if_worthwhile(window, simple, layout)
    except NeedsExactParser as exc:
        simple = _before(simple, exc.position, number)
        return simple, _read_if_worthwhile(window, simple, layout)


def _read_if_worthwhile(window: bytes, simple: SimpleRecords, layout: Layout) -> RowChunk | None:
    if not simple.size or (simple.needs_exact and simple.size < _MIN_FAST_BYTES):
        return None
    return fast_path.read_simple_records(window, simple, layout)


def _before(simple: SimpleRecords, position: int, number: int) -> SimpleRecords:
    """The records before the one at `position`; the window begins on line `number`."""
    return SimpleRecords(
        size=int(simple.starts[position]),
        lines=int(simple.numbers[position]) - number,
        starts=simple.starts[:position],
        ends=simple.ends[:position],
        numbers=simple.numbers[:position],
        blank=simple.blank[simple.blank < simple.numbers[position]],
        needs_exact=True,
    )


def _may_grow(size: int) -> bool:
    """Whether a window of `size` without the end of a record may just be too small for one."""
    return size < min(_MAX_WINDOW, 2 * MAX_RECORD_BYTES)


def _exact(records: Iterator[Record], count: int, layout: Layout) -> Iterator[RowChunk]:
    """Yield the next `count` records as a chunk; raise `FileRefused` after the records before it."""
    read: list[Record] = []
    refused: FileRefused | None = None
    try:
        for record in islice(records, count):
            read.append(record)  # noqa: PERF402  # extend would lose the records before a refusal
    except FileRefused as exc:
        refused = exc
    if read:
        yield chunk.chunk_from_records(read, layout)
    if refused:
        raise refused
