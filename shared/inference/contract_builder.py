"""Builds the contract of an inferred dataset at run time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import AliasChoices, create_model

from shared.contracts import column_names
from shared.contracts.base import MAX_CONTRACTS, Contract
from shared.contracts.column_types import COLUMN_TYPES, MAX_DIGITS, Kind
from shared.inference.table_columns import TableColumn


@dataclass(frozen=True, slots=True)
class ModelField:
    """A field of an inferred contract.

    `places` are the decimal places of a numeric column, 0 for other types. Digits before the point are not
    part of it, so that larger numbers do not change the contract.
    """

    name: str
    kind: Kind
    places: int
    nullable: bool
    aliases: tuple[str, ...]
    nulls: tuple[str, ...]


def model_fields(columns: Sequence[TableColumn], key: Collection[str]) -> tuple[ModelField, ...]:
    """The fields for `columns`; raises `ValueError` for an invalid name, or a nullable column in `key`."""
    invalid = [column.name for column in columns if not column_names.is_valid_column_name(column.name)]
    if invalid:
        raise ValueError(f"not valid as a field name: {', '.join(map(repr, invalid))}")
    missing = set(key) - {column.name for column in columns if not column.nullable}
    if missing:
        raise ValueError(f"not valid as a key: {', '.join(sorted(missing))} is nullable or not in the table")
    used = {column_names.normalize_name(column.name) for column in columns}
    return tuple(
        ModelField(
            column.name,
            column.type.kind,
            column.type.places if column.type.kind is Kind.NUMERIC else 0,
            column.nullable,
            _aliases(column, used),
            tuple(sorted(column.nulls)),
        )
        for column in columns
    )


def _aliases(column: TableColumn, used: set[str]) -> tuple[str, ...]:
    """The headers of the column that are not a variant of a `used` name; adds them to `used`."""
    aliases: list[str] = []
    for header in column.headers:
        normal = column_names.normalize_name(header)
        if normal and normal not in used:
            used.add(normal)
            aliases.append(header)
    return tuple(aliases)


def build_contract(dataset: str, columns: Sequence[TableColumn], key: Sequence[str] = ()) -> type[Contract]:
    """The contract of `dataset` with these columns; it accepts all values that they were inferred from.

    The same columns give the same class, because other modules cache by class. Raises `ValueError` for a name
    that a field cannot have, or for a nullable column in the key.
    """
    return _build(dataset, model_fields(columns, key), tuple(key))


@lru_cache(MAX_CONTRACTS)
def _build(dataset_: str, fields: tuple[ModelField, ...], key_: tuple[str, ...]) -> type[Contract]:
    class Inferred(Contract):
        dataset: ClassVar[str] = dataset_
        key: ClassVar[tuple[str, ...]] = key_
        null_spellings: ClassVar[Mapping[str, tuple[str, ...]]] = {
            field.name: field.nulls for field in fields if field.nulls
        }

    definitions: Any = {field.name: _definition(field) for field in fields}
    contract: type[Contract] = create_model(
        class_name(dataset_), __base__=Inferred, __doc__="A row, as inferred from files.", **definitions
    )
    return contract


def class_name(dataset: str) -> str:
    """The class name for a dataset: `order_lines` → `OrderLinesRow`."""
    name = "".join(part.capitalize() for part in dataset.split("_")) + "Row"
    return name if name.isidentifier() else f"Dataset{name}"


def _definition(field: ModelField) -> tuple[Any, Any]:
    annotation = COLUMN_TYPES[field.kind].annotation
    if field.kind is Kind.NUMERIC:
        annotation = Annotated[Decimal, pydantic.Field(max_digits=MAX_DIGITS, decimal_places=field.places)]
    options: dict[str, Any] = {"default": None} if field.nullable else {}
    if field.aliases:
        options["validation_alias"] = AliasChoices(*field.aliases)
    return annotation | None if field.nullable else annotation, pydantic.Field(**options)
