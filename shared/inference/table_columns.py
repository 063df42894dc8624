"""Columns of an inferred dataset's table: profiles, evolution, key and row size limits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from shared.contracts.column_types import Kind
from shared.errors import FileRefused
from shared.inference.widening import TEXT_TYPE, UNKNOWN_TYPE, Form, Type, widen


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column of a file, all of it.

    `seen` is the narrowest type of all values but the null spellings `spelled` (each with its count), and
    `form` how they are written. `header` is the file's own name of it. `missing` counts absent values,
    `longest` is the longest text in characters, and `because` shows a value that fits none but text. `is_key`
    says whether it identifies rows.
    """

    name: str
    header: str | None = None
    seen: Type = UNKNOWN_TYPE
    form: Form = Form()  # noqa: RUF009 - it is frozen
    rows: int = 0
    missing: int = 0
    spelled: tuple[tuple[str, int], ...] = ()
    longest: int = 0
    longest_bytes: int = 0
    because: str | None = None
    is_key: bool = False

    @property
    def type(self) -> Type:
        """The type of a table's column made for it: text, too, where `why_text` says so of what was seen."""
        return self.seen if self.why_text is None else TEXT_TYPE

    @property
    def why_text(self) -> str | None:
        """Why a table's column made for it is text, in a sentence; `None` where it is not.

        It is where no one form would write its values as they are written, which numbers with and without
        zeros at the end, and words of two kinds, would not survive.
        """
        if self.seen.kind is Kind.UNKNOWN:
            return "no row has a value"
        if self.seen == TEXT_TYPE:
            return f"{self.because!r} is of no other type that all values have"
        if self.seen.kind is Kind.NUMERIC and self.form.of_numbers is None:
            return "some numbers have zeros at the end and others do not, as 1.9 and 1.10"
        if self.seen.kind is Kind.BOOLEAN and self.form.of_words is None:
            return "true and false are written in more than one way"
        if self.is_key and not self.seen.column_type.exact:
            return "a column of the key is a bigint, a date or text: no other type gives every text back"
        return None

    @property
    def nullable(self) -> bool:
        """Whether a table's column made for it has missing values; null spellings are none in text."""
        return bool(self.missing or (self.spelled and self.type != TEXT_TYPE))

    def as_json(self) -> dict[str, Any]:
        """What was found, as it is shown: the column as a new table has it."""
        return {
            "name": self.name,
            "header": self.header or self.name,
            "type": str(self.type),
            "nullable": self.nullable,
            "missing": self.missing,
            "nulls": dict(self.spelled) if self.type != TEXT_TYPE else {},
            "longest": self.longest,
            "why_text": self.why_text,
        }


MAX_KEY_BYTES = 2_600
"""Of a key; an entry of a b-tree has at most a third of a page, 2,704 with what comes around it.
https://www.postgresql.org/docs/current/btree.html"""


def mark_key_columns(columns: Sequence[ColumnProfile], key: Collection[str]) -> tuple[ColumnProfile, ...]:
    """`columns` of a file, which know whether they are of the `key`."""
    return tuple(replace(column, is_key=column.name in key) for column in columns)


def widen_key_type(name: str, before: Type, seen: Type) -> Type:
    """The type of column `name` of a key once it holds values of type `seen` too.

    A bigint or a date becomes text at once: `1.50` beside 1 would be another text than the number. Raises
    `FileRefused` where the texts of the rows that are there are not known any more.
    """
    kind = widen(before, seen)
    if kind.kind is before.kind:
        return kind
    if before.column_type.exact:
        return TEXT_TYPE
    if kind == TEXT_TYPE:
        raise FileRefused(
            "key_would_change",
            f"The column {name} of the key is {before.kind}, and the file has values that only fit text. As "
            "text, keys that are there would no longer be those of their files, and rows would double. Mend "
            "the values, or load the file into another dataset.",
            column=name,
            type=str(before.kind),
        )
    return kind


def check_key_size(columns: Sequence[ColumnProfile], key: Collection[str]) -> None:
    """Raises `FileRefused` where values of the `key` are too long for its index."""
    longest = {column.name: column.longest_bytes for column in columns if column.name in key}
    if sum(longest.values()) > MAX_KEY_BYTES:
        shown = ", ".join(f"{name} up to {count}" for name, count in longest.items())
        raise FileRefused(
            "key_too_long",
            f"Values of the key are too long: {shown} bytes, and a key has room for {MAX_KEY_BYTES}. Choose "
            "other columns for it, or load the file without a key.",
            bytes=longest,
            most=MAX_KEY_BYTES,
        )


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table made from files, and what is known of all values that were loaded into it.

    `form` is how they were written, `nulls` are the texts that stood for missing ones, `headers` the files'
    own names of the column.
    """

    name: str
    type: Type
    nullable: bool
    form: Form = Form()  # noqa: RUF009 - it is frozen
    nulls: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """All of it, for the ledger."""
        described: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        described["form"]["marks"].sort()
        return described


_ADAPTER = TypeAdapter(TableColumn)


def column_from_json(described: dict[str, Any]) -> TableColumn:
    """The column that `as_json` described; raises pydantic's `ValidationError` for anything else."""
    return _ADAPTER.validate_python(described)


def new_table_columns(columns: Sequence[ColumnProfile], key: Collection[str] = ()) -> tuple[TableColumn, ...]:
    """The columns of a new table for a file with these; those of the key are not nullable."""
    return tuple(
        _new_column(column, column.nullable and column.name not in key)
        for column in mark_key_columns(columns, key)
    )


def evolve_columns(
    table: Sequence[TableColumn], columns: Sequence[ColumnProfile], key: Collection[str] = ()
) -> tuple[TableColumn, ...]:
    """`table` so that a file with `columns` fits too: nothing of it becomes narrower or goes away.

    Types are widened to the values: how a file writes its numbers changes no type that is there. New columns
    come last, and are nullable because of the rows before; so becomes a column that the file does not have.
    Columns of the key do not become nullable: rows without it are rejected. Raises `FileRefused` where the
    file would change keys that are there.
    """
    found = {column.name: column for column in columns}
    present = {column.name for column in table}
    return (
        *(_evolved_column(column, found.get(column.name), column.name in key) for column in table),
        *(_new_column(column, nullable=True) for column in columns if column.name not in present),
    )


def _new_column(column: ColumnProfile, nullable: bool) -> TableColumn:
    headers = () if column.header is None else (column.header,)
    if column.type == TEXT_TYPE:
        return TableColumn(column.name, TEXT_TYPE, nullable, headers=headers)
    nulls = tuple(text for text, _ in column.spelled)
    return TableColumn(column.name, column.type, nullable, column.form, nulls, headers)


def _evolved_column(column: TableColumn, found: ColumnProfile | None, is_key: bool) -> TableColumn:
    if found is None:
        return replace(column, nullable=column.nullable or not is_key)
    seen = found.seen
    kind = widen_key_type(column.name, column.type, seen) if is_key else widen(column.type, seen)
    spelled = () if kind == TEXT_TYPE else tuple(text for text, _ in found.spelled)
    return TableColumn(
        column.name,
        kind,
        column.nullable or (bool(found.missing or spelled) and not is_key),
        Form() if kind == TEXT_TYPE else column.form | found.form,
        () if kind == TEXT_TYPE else _union(column.nulls, spelled),
        _union(column.headers, () if found.header is None else (found.header,)),
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


MAX_ROW_BYTES = 8_000
"""Of a row; a page has 8,192.  https://www.postgresql.org/docs/current/limits.html"""

_HEADER = 24
_LINEAGE = 16
"""The load and the line."""
_LONGEST_INSIDE, _POINTER = 24, 18
"""A text of more bytes lies outside where the row needs room, and leaves a pointer."""


def check_row_width(
    columns: Sequence[ColumnProfile], filled: int, before: Sequence[TableColumn], after: Sequence[TableColumn]
) -> None:
    """Raises `FileRefused` where a row of a file with `columns` may be too wide for the table `after` it.

    No row has more than so many values `filled`. Rows that are there count as far as they get wider, since
    columns of the table `before` become text.
    """
    old = {column.name: column.type for column in before}
    new = {column.name: column.type for column in after}
    widths = sorted((_width(new[one.name], one, old.get(one.name)) for one in columns), reverse=True)
    found = _HEADER + len(after) // 8 + _LINEAGE + sum(widths[:filled])
    if found > MAX_ROW_BYTES:
        raise FileRefused(
            "row_too_wide",
            f"A row of the file takes up to {found} bytes in {len(columns)} columns, and a row of a table "
            f"has room for {MAX_ROW_BYTES}. Split the file into several datasets, or leave columns out.",
            bytes=found,
            most=MAX_ROW_BYTES,
            columns=len(columns),
        )


def _width(kind: Type, found: ColumnProfile, before: Type | None) -> int:
    if kind.column_type.bytes is not None:
        return kind.column_type.bytes
    if kind.kind is Kind.NUMERIC:
        return 3 + 2 * (-(-kind.whole // 4) - (-kind.places // 4))
    longest = max(found.longest_bytes, 0 if before is None else _length(before))
    return longest + 1 if longest < _LONGEST_INSIDE else _POINTER


def _length(kind: Type) -> int:
    """Bytes of the longest value's text, where it becomes one now; 0 where it is text already."""
    digits = kind.whole + kind.places
    return kind.column_type.max_text_bytes or (digits + len("-.") if digits else 0)
