"""Keys: what types and values the columns have that identify a row, which an index has to hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from shared.errors import FileRefused
from shared.inference.column import Column
from shared.inference.kinds import EXACT, TEXT, Kind, Type, widen

MOST_BYTES = 2_600
"""Of a key; an entry of a b-tree has at most a third of a page, 2,704 with what comes around it.
https://www.postgresql.org/docs/current/btree.html"""


def marked(columns: Sequence[Column], key: Collection[str]) -> tuple[Column, ...]:
    """`columns` of a file, which know whether they are of the `key`."""
    return tuple(replace(column, is_key=column.name in key) for column in columns)


def widened(name: str, before: Type, seen: Type) -> Type:
    """The type of column `name` of a key once it holds values of type `seen` too.

    A bigint or a date becomes text at once: `1.50` beside 1 would be another text than the number. Raises
    `FileRefused` where the texts of the rows that are there are not known any more.
    """
    kind = widen(before, seen)
    if kind.kind is before.kind:
        return kind
    if before.kind in {*EXACT, Kind.NOTHING}:
        return TEXT
    if kind == TEXT:
        raise FileRefused(
            "key_would_change",
            f"The column {name} of the key is {before.kind}, and the file has values that only fit text. As "
            "text, keys that are there would no longer be those of their files, and rows would double. Mend "
            "the values, or load the file into another dataset.",
            column=name,
            type=str(before.kind),
        )
    return kind


def require_short(columns: Sequence[Column], key: Collection[str]) -> None:
    """Raises `FileRefused` where values of the `key` are too long for its index."""
    longest = {column.name: column.longest_bytes for column in columns if column.name in key}
    if sum(longest.values()) > MOST_BYTES:
        shown = ", ".join(f"{name} up to {count}" for name, count in longest.items())
        raise FileRefused(
            "key_too_long",
            f"Values of the key are too long: {shown} bytes, and a key has room for {MOST_BYTES}. Choose "
            "other columns for it, or load the file without a key.",
            bytes=longest,
            most=MOST_BYTES,
        )
