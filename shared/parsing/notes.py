"""The notes in a file of rejects: columns that say where each row stood and why it was refused.

Whoever mends such a file and sends it again may leave them in: they are never loaded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shared.parsing.header import Header

LINE = "_line"
ERRORS = "_errors"
NAMES = (LINE, ERRORS)

LAYOUT: Mapping[str, Any] = {
    "encoding": None,
    "delimiter": ",",
    "quote": '"',
    "escape": "",
    "spaces_around_quotes": False,
    "line_end": None,
    "sep_line": False,
    "header_line": 1,
    "header_lines": 1,
    "has_trailing_delimiter": False,
}
"""How a file of rejects is to be read, whatever is told: a contract tells the form of other files.

What a spreadsheet may have changed is looked for. How numbers are written, they have in common.
"""

_IN_BYTES = tuple(name.encode() for name in NAMES)


def are_in(head: bytes) -> bool:
    """Whether a file that begins with `head` has the header of a file of rejects, as it was written."""
    if not all(name in head for name in _IN_BYTES):  # of nearly every file there is none
        return False
    try:
        first = next(csv.reader(io.StringIO(head.decode("latin-1"), newline=""), strict=True), [])
    except csv.Error:
        return False
    return tuple(first[-len(NAMES) :]) == NAMES


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
