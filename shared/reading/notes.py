"""The notes in a file of rejects: columns that say where each row stood and why it was refused.

Whoever mends such a file and sends it again may leave them in: they are never loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.reading.columns import Columns
from shared.reading.header import Header

LINE = "_line"
ERRORS = "_errors"
NAMES = (LINE, ERRORS)


def match(columns: Columns, names: Sequence[str], line: int, *, is_told: bool) -> Header:
    """The header as `columns` match it, but for those of its columns that are notes."""
    if not set(NAMES).intersection(names):
        return columns.match(names, len(names), line, is_told=is_told)
    rest = [name for name in names if name not in NAMES]
    found = columns.match(rest, len(rest), line, is_told=is_told)
    fields = iter(found.fields)
    return replace(
        found,
        fields=tuple(None if name in NAMES else next(fields) for name in names),
        ignored=(*found.ignored, *(name for name in names if name in NAMES)),
        names=tuple(names),
    )
