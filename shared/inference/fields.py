"""Fields of an inferred contract: how each column is written in a model, and which names can be one's."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shared.contracts import spellings
from shared.contracts.base import Contract
from shared.inference.kinds import Kind
from shared.inference.table import TableColumn

_OF_POSTGRES = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
"""Columns that every table has: https://www.postgresql.org/docs/current/ddl-system-columns.html"""
_OF_THE_MODEL = {*dir(Contract), *Contract.__class_vars__, "null_spellings"}
_OF_THE_SOURCE = {"str", "int", "float", "bool", "tuple"}
"""Types that the source of a contract names: a field would hide them."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a model needs to know of a column; how large its numbers were is not among it, but for places."""

    name: str
    kind: Kind
    places: int
    nullable: bool
    aliases: tuple[str, ...]
    nulls: tuple[str, ...]


def can_be_named(name: str) -> bool:
    """Whether a field, and a column of a table, can have this name: no word of Python's, no attribute of
    models or contracts (`key`, `dataset`, `json`), nothing that pydantic warns of, no `_` in front.
    """
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith(("_", "model_validate", "model_dump"))
        and name not in _OF_THE_MODEL | _OF_POSTGRES | _OF_THE_SOURCE
    )


def fields_of(columns: Sequence[TableColumn], key: Collection[str]) -> tuple[Field, ...]:
    """The fields for `columns`; raises `ValueError` for a name, or a key, that cannot be."""
    wrong = [column.name for column in columns if not can_be_named(column.name)]
    if wrong:
        raise ValueError(f"no field can be named {', '.join(map(repr, wrong))}")
    unfit = set(key) - {column.name for column in columns if not column.nullable}
    if unfit:
        raise ValueError(f"no key: {', '.join(sorted(unfit))} is missing from the table or from some rows")
    taken = {spellings.normal(column.name) for column in columns}
    return tuple(
        Field(
            column.name,
            column.type.kind,
            column.type.places if column.type.kind is Kind.NUMERIC else 0,
            column.nullable,
            _aliases(column, taken),
            tuple(sorted(column.nulls)),
        )
        for column in columns
    )


def _aliases(column: TableColumn, taken: set[str]) -> tuple[str, ...]:
    """The files' names of the column that are no spelling of another name; notes them in `taken`."""
    found: list[str] = []
    for header in column.headers:
        normal = spellings.normal(header)
        if normal and normal not in taken:
            taken.add(normal)
            found.append(header)
    return tuple(found)
