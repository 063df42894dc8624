"""Columns of files and of inferred tables: profiles, schema evolution, and limits of key and row size."""

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
    """A column of a file: facts about all of its values.

    `seen` is the narrowest type of all values except null spellings, `form` how they are written. `spelled`
    has each null spelling with its count. `header` is the name in the file if it is another one. `missing`
    counts absent values. `longest` is the length of the longest text in characters. `because` is a value that
    only text can hold. `is_key` says whether the column is part of the key.
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
        """The type of a table column created for it: `seen`, or text if `why_text` has a reason."""
        return self.seen if self.why_text is None else TEXT_TYPE

    @property
    def why_text(self) -> str | None:
        """Why a table column created for it is text, for users; `None` if it has another type.

        Numbers and truth values that are written in several forms are text, so that the table can give back
        what the file had.
        """
        if self.seen.kind is Kind.UNKNOWN:
            return "no row has a value"
        if self.seen == TEXT_TYPE:
            return f"only text holds all values, such as {self.because!r}"
        if self.seen.kind is Kind.NUMERIC and self.form.of_numbers is None:
            return "some numbers have trailing zeros and others do not, such as 1.9 and 1.10"
        if self.seen.kind is Kind.BOOLEAN and self.form.of_words is None:
            return "true and false are written in more than one way"
        if self.is_key and not self.seen.column_type.exact:
            return "a column of the key is bigint, date or text, so that each key has only one text"
        return None

    @property
    def nullable(self) -> bool:
        """Whether a table column created for it has missing values. In text, null spellings are values."""
        return bool(self.missing or (self.spelled and self.type != TEXT_TYPE))

    def as_json(self) -> dict[str, Any]:
        """The profile as JSON: the column as a new table would have it."""
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
"""Bytes of a key. An entry of a b-tree index has at most a third of a page: 2,704 bytes with its overhead.
https://www.postgresql.org/docs/current/btree.html"""


def mark_key_columns(columns: Sequence[ColumnProfile], key: Collection[str]) -> tuple[ColumnProfile, ...]:
    """`columns` with `is_key` set for those of `key`."""
    return tuple(replace(column, is_key=column.name in key) for column in columns)


def widen_key_type(name: str, before: Type, seen: Type) -> Type:
    """The type of the key column `name` if it also holds values of type `seen`.

    A bigint or a date is widened to text, never to numeric or timestamp: a key is found by its text. Raises
    `FileRefused` if existing keys would have to become text but their original texts are not known.
    """
    wide = widen(before, seen)
    if wide.kind is before.kind:
        return wide
    if before.column_type.exact:
        return TEXT_TYPE
    if wide == TEXT_TYPE:
        raise FileRefused("key_would_change", column=name, type=str(before.kind))
    return wide


def check_key_size(columns: Sequence[ColumnProfile], key: Collection[str]) -> None:
    """Raise `FileRefused` if values of the `key` are too long for its index."""
    longest = {column.name: column.longest_bytes for column in columns if column.name in key}
    if sum(longest.values()) > MAX_KEY_BYTES:
        lengths = [f"{name} up to {count}" for name, count in longest.items()]
        raise FileRefused("key_too_long", {"lengths": lengths}, bytes=longest, most=MAX_KEY_BYTES)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of an inferred table, and facts about all values that were loaded into it.

    `form` is how the values were written, `nulls` are the texts that meant a missing value, `headers` the
    names of the column in files.
    """

    name: str
    type: Type
    nullable: bool
    form: Form = Form()  # noqa: RUF009 - it is frozen
    nulls: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The column as JSON for the ledger."""
        described: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        described["form"]["marks"].sort()
        return described


_ADAPTER = TypeAdapter(TableColumn)


def column_from_json(described: dict[str, Any]) -> TableColumn:
    """The column that `as_json` returned; raises pydantic's `ValidationError` for anything else."""
    return _ADAPTER.validate_python(described)


def new_table_columns(columns: Sequence[ColumnProfile], key: Collection[str] = ()) -> tuple[TableColumn, ...]:
    """The columns of a new table for a file with these columns; columns of the key are not nullable."""
    return tuple(
        _new_column(column, column.nullable and column.name not in key)
        for column in mark_key_columns(columns, key)
    )


def evolve_columns(
    table: Sequence[TableColumn], columns: Sequence[ColumnProfile], key: Collection[str] = ()
) -> tuple[TableColumn, ...]:
    """The columns of `table`, changed so that a file with `columns` fits; none is narrowed or dropped.

    Types are widened to hold the values; the form in which a file writes numbers does not change a type. New
    columns come last and are nullable, because of the existing rows. A column that the file does not have is
    made nullable. Columns of the key stay required: rows without a key are rejected. Raises `FileRefused` if
    the file would change existing keys.
    """
    profiles = {column.name: column for column in columns}
    existing = {column.name for column in table}
    return (
        *(_evolved_column(column, profiles.get(column.name), column.name in key) for column in table),
        *(_new_column(column, nullable=True) for column in columns if column.name not in existing),
    )


def _new_column(column: ColumnProfile, nullable: bool) -> TableColumn:
    headers = () if column.header is None else (column.header,)
    if column.type == TEXT_TYPE:
        return TableColumn(column.name, TEXT_TYPE, nullable, headers=headers)
    nulls = tuple(text for text, _ in column.spelled)
    return TableColumn(column.name, column.type, nullable, column.form, nulls, headers)


def _evolved_column(column: TableColumn, profile: ColumnProfile | None, is_key: bool) -> TableColumn:
    if profile is None:
        return replace(column, nullable=column.nullable or not is_key)
    seen = profile.seen
    wide = widen_key_type(column.name, column.type, seen) if is_key else widen(column.type, seen)
    nulls = () if wide == TEXT_TYPE else tuple(text for text, _ in profile.spelled)
    return TableColumn(
        column.name,
        wide,
        column.nullable or (bool(profile.missing or nulls) and not is_key),
        Form() if wide == TEXT_TYPE else column.form | profile.form,
        () if wide == TEXT_TYPE else _union(column.nulls, nulls),
        _union(column.headers, () if profile.header is None else (profile.header,)),
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


MAX_ROW_BYTES = 8_000
"""Bytes of a row; a page has 8,192. https://www.postgresql.org/docs/current/limits.html"""

_HEADER_BYTES = 24
_LINEAGE_BYTES = 16
"""`_load` and `_line`."""
_MAX_INLINE_BYTES, _POINTER_BYTES = 24, 18
"""If a row is too large, PostgreSQL moves longer texts out of it and leaves a pointer."""


def check_row_width(
    columns: Sequence[ColumnProfile], filled: int, before: Sequence[TableColumn], after: Sequence[TableColumn]
) -> None:
    """Raise `FileRefused` if a row of a file with `columns` may be too large for a page of the table.

    The table has the columns `before`, and `after` the file. No row has more than `filled` values. Existing
    rows count only if they get larger because columns are widened to text.
    """
    old = {column.name: column.type for column in before}
    new = {column.name: column.type for column in after}
    sizes = (_value_bytes(new[column.name], column, old.get(column.name)) for column in columns)
    size = _HEADER_BYTES + len(after) // 8 + _LINEAGE_BYTES + sum(sorted(sizes, reverse=True)[:filled])
    if size > MAX_ROW_BYTES:
        raise FileRefused("row_too_wide", bytes=size, most=MAX_ROW_BYTES, columns=len(columns))


def _value_bytes(wide: Type, profile: ColumnProfile, before: Type | None) -> int:
    """Bytes of the largest value of a column of type `wide`, which had the type `before`, in a row."""
    if wide.column_type.bytes is not None:
        return wide.column_type.bytes
    if wide.kind is Kind.NUMERIC:
        return 3 + 2 * (-(-wide.whole // 4) - (-wide.places // 4))
    longest = max(profile.longest_bytes, 0 if before is None else _text_bytes(before))
    return longest + 1 if longest < _MAX_INLINE_BYTES else _POINTER_BYTES


def _text_bytes(before: Type) -> int:
    """Bytes of the longest value as text, if the column is widened to text; 0 if it is text already."""
    digits = before.whole + before.places
    return before.column_type.max_text_bytes or (digits + len("-.") if digits else 0)
