"""Builds the contract of an inferred dataset at run time."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import AliasChoices, create_model

from shared.contracts import column_names
from shared.contracts.base import MOST_CONTRACTS, BigInt, Contract, Date, Timestamp, TimestampTz
from shared.inference.table_columns import TableColumn
from shared.inference.widening import MAX_DIGITS, Kind

_OF_POSTGRES = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}
"""Columns that every table has: https://www.postgresql.org/docs/current/ddl-system-columns.html"""
_OF_THE_MODEL = {*dir(Contract), *Contract.__class_vars__, "null_spellings"}
_OF_THE_SOURCE = {"str", "int", "float", "bool", "tuple"}
"""Types that the source of a contract names: a field would hide them."""


@dataclass(frozen=True, slots=True)
class ModelField:
    """What a model needs to know of a column; how large its numbers were is not among it, but for places."""

    name: str
    kind: Kind
    places: int
    nullable: bool
    aliases: tuple[str, ...]
    nulls: tuple[str, ...]


def is_valid_column_name(name: str) -> bool:
    """Whether a field, and a column of a table, can have this name: no word of Python's, no attribute of
    models or contracts (`key`, `dataset`, `json`), nothing that pydantic warns of, no `_` in front.
    """
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith(("_", "model_validate", "model_dump"))
        and name not in _OF_THE_MODEL | _OF_POSTGRES | _OF_THE_SOURCE
    )


def model_fields(columns: Sequence[TableColumn], key: Collection[str]) -> tuple[ModelField, ...]:
    """The fields for `columns`; raises `ValueError` for a name, or a key, that cannot be."""
    wrong = [column.name for column in columns if not is_valid_column_name(column.name)]
    if wrong:
        raise ValueError(f"no field can be named {', '.join(map(repr, wrong))}")
    unfit = set(key) - {column.name for column in columns if not column.nullable}
    if unfit:
        raise ValueError(f"no key: {', '.join(sorted(unfit))} is missing from the table or from some rows")
    taken = {column_names.normalize_name(column.name) for column in columns}
    return tuple(
        ModelField(
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
        normal = column_names.normalize_name(header)
        if normal and normal not in taken:
            taken.add(normal)
            found.append(header)
    return tuple(found)


_TYPES: dict[Kind, Any] = {
    Kind.NOTHING: str,
    Kind.BOOLEAN: bool,
    Kind.BIGINT: BigInt,
    Kind.DOUBLE: Annotated[float, pydantic.Field(allow_inf_nan=False)],
    Kind.DATE: Date,
    Kind.TIMESTAMP: Timestamp,
    Kind.TIMESTAMPTZ: TimestampTz,
    Kind.TEXT: str,
}


def build_contract(dataset: str, columns: Sequence[TableColumn], key: Sequence[str] = ()) -> type[Contract]:
    """The contract of `dataset` with these columns, which accepts all of the values that they were seen with.

    The same columns give the same class: others keep what they derive from one for ever. Its class variable
    `null_spellings` has, by column, texts that stand for a missing value; `nulls` takes them out before
    validation. Raises `ValueError` for a name that no field can have, or a key that is nullable.
    """
    return _made(dataset, model_fields(columns, key), tuple(key))


@lru_cache(MOST_CONTRACTS)
def _made(dataset_: str, fields: tuple[ModelField, ...], key_: tuple[str, ...]) -> type[Contract]:
    class Inferred(Contract):
        dataset: ClassVar[str] = dataset_
        key: ClassVar[tuple[str, ...]] = key_
        null_spellings: ClassVar[Mapping[str, tuple[str, ...]]] = {
            field.name: field.nulls for field in fields if field.nulls
        }

    definitions: Any = {field.name: _definition(field) for field in fields}
    made: type[Contract] = create_model(
        class_name(dataset_), __base__=Inferred, __doc__="A row, as inferred from files.", **definitions
    )
    return made


def class_name(dataset: str) -> str:
    """`order_lines` → `OrderLinesRow`: no name that the model's module imports, nor a word of Python's."""
    name = "".join(part.capitalize() for part in dataset.split("_")) + "Row"
    return name if name.isidentifier() else f"Dataset{name}"


def _definition(field: ModelField) -> tuple[Any, Any]:
    kind = _type_of(field)
    options: dict[str, Any] = {"default": None} if field.nullable else {}
    if field.aliases:
        options["validation_alias"] = AliasChoices(*field.aliases)
    return kind | None if field.nullable else kind, pydantic.Field(**options)


def _type_of(field: ModelField) -> Any:
    if field.kind is Kind.NUMERIC:
        return Annotated[Decimal, pydantic.Field(max_digits=MAX_DIGITS, decimal_places=field.places)]
    return _TYPES[field.kind]
