"""The notes in a file of rejects: columns that say where each row stood and why it was refused.

Whoever mends such a file and sends it again may leave them in: they are never loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.reading.header import Header

LINE = "_line"
ERRORS = "_errors"
NAMES = (LINE, ERRORS)


def match(names: Sequence[str], rest: Callable[[Sequence[str]], Header]) -> Header:
    """The header with these `names`, as `rest` matches them, but for those that are notes."""
    if not set(NAMES).intersection(names):
        return rest(names)
    found = rest([name for name in names if name not in NAMES])
    fields = iter(found.fields)
    return replace(
        found,
        fields=tuple(None if name in NAMES else next(fields) for name in names),
        ignored=(*found.ignored, *(name for name in names if name in NAMES)),
        names=tuple(names),
    )
