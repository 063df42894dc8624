"""Columns of an inferred dataset's table, and how they grow so that another file fits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from shared.inference import keys
from shared.inference.column import Column
from shared.inference.forms import Form
from shared.inference.kinds import TEXT, Type, widen


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


def from_json(described: dict[str, Any]) -> TableColumn:
    """The column that `as_json` described; raises pydantic's `ValidationError` for anything else."""
    return _ADAPTER.validate_python(described)


def made(columns: Sequence[Column], key: Collection[str] = ()) -> tuple[TableColumn, ...]:
    """The columns of a new table for a file with these; those of the key are not nullable."""
    return tuple(
        _new(column, column.nullable and column.name not in key) for column in keys.marked(columns, key)
    )


def grown(
    table: Sequence[TableColumn], columns: Sequence[Column], key: Collection[str] = ()
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
        *(_grown(column, found.get(column.name), column.name in key) for column in table),
        *(_new(column, nullable=True) for column in columns if column.name not in present),
    )


def _new(column: Column, nullable: bool) -> TableColumn:
    headers = () if column.header is None else (column.header,)
    if column.type == TEXT:
        return TableColumn(column.name, TEXT, nullable, headers=headers)
    nulls = tuple(text for text, _ in column.spelled)
    return TableColumn(column.name, column.type, nullable, column.form, nulls, headers)


def _grown(column: TableColumn, found: Column | None, is_key: bool) -> TableColumn:
    if found is None:
        return replace(column, nullable=column.nullable or not is_key)
    seen = found.seen
    kind = keys.widened(column.name, column.type, seen) if is_key else widen(column.type, seen)
    spelled = () if kind == TEXT else tuple(text for text, _ in found.spelled)
    return TableColumn(
        column.name,
        kind,
        column.nullable or (bool(found.missing or spelled) and not is_key),
        Form() if kind == TEXT else column.form | found.form,
        () if kind == TEXT else _union(column.nulls, spelled),
        _union(column.headers, () if found.header is None else (found.header,)),
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
