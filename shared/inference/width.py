"""The width of rows: what of a file's longest row stays in a page of the table, which has to hold it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import FileRefused
from shared.inference.column import Column
from shared.inference.kinds import Kind, Type
from shared.inference.table import TableColumn

MOST_BYTES = 8_000
"""Of a row; a page has 8,192.  https://www.postgresql.org/docs/current/limits.html"""

_HEADER = 24
_LINEAGE = 16
"""The load and the line."""
_LONGEST_INSIDE, _POINTER = 24, 18
"""A text of more bytes lies outside where the row needs room, and leaves a pointer."""
_FIXED = {
    Kind.BOOLEAN: 1,
    Kind.DATE: 4,
    **dict.fromkeys((Kind.BIGINT, Kind.DOUBLE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ), 8),
}
_LONGEST_TEXTS = {Kind.BOOLEAN: 5, Kind.DATE: 10, Kind.TIMESTAMP: 26, Kind.TIMESTAMPTZ: 27}


def require_narrow(
    columns: Sequence[Column], filled: int, before: Sequence[TableColumn], after: Sequence[TableColumn]
) -> None:
    """Raises `FileRefused` where a row of a file with `columns` may be too wide for the table `after` it.

    No row has more than so many values `filled`. Rows that are there count as far as they get wider, since
    columns of the table `before` become text.
    """
    old = {column.name: column.type for column in before}
    new = {column.name: column.type for column in after}
    widths = sorted((_width(new[one.name], one, old.get(one.name)) for one in columns), reverse=True)
    found = _HEADER + len(after) // 8 + _LINEAGE + sum(widths[:filled])
    if found > MOST_BYTES:
        raise FileRefused(
            "row_too_wide",
            f"A row of the file takes up to {found} bytes in {len(columns)} columns, and a row of a table "
            f"has room for {MOST_BYTES}. Split the file into several datasets, or leave columns out.",
            bytes=found,
            most=MOST_BYTES,
            columns=len(columns),
        )


def _width(kind: Type, found: Column, before: Type | None) -> int:
    if kind.kind in _FIXED:
        return _FIXED[kind.kind]
    if kind.kind is Kind.NUMERIC:
        return 3 + 2 * (-(-kind.whole // 4) - (-kind.places // 4))
    longest = max(found.longest_bytes, 0 if before is None else _length(before))
    return longest + 1 if longest < _LONGEST_INSIDE else _POINTER


def _length(kind: Type) -> int:
    """Bytes of the longest value's text, where it becomes one now; 0 where it is text already."""
    digits = kind.whole + kind.places
    return _LONGEST_TEXTS.get(kind.kind, digits + len("-.") if digits else 0)
