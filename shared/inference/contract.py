"""The contract of an inferred dataset, made while the app runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import AliasChoices, create_model

from shared.contracts.base import BigInt, Contract, Date, Timestamp, TimestampTz
from shared.inference.fields import Field, fields_of
from shared.inference.kinds import MOST_DIGITS, Kind
from shared.inference.table import TableColumn

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


def contract_of(dataset: str, columns: Sequence[TableColumn], key: Sequence[str] = ()) -> type[Contract]:
    """The contract of `dataset` with these columns, which accepts all of the values that they were seen with.

    The same columns give the same class: others keep what they derive from one for ever. Its class variable
    `null_spellings` has, by column, texts that stand for a missing value; `nulls` takes them out before
    validation. Raises `ValueError` for a name that no field can have, or a key that is nullable.
    """
    return _made(dataset, fields_of(columns, key), tuple(key))


@cache
def _made(dataset_: str, fields: tuple[Field, ...], key_: tuple[str, ...]) -> type[Contract]:
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


def _definition(field: Field) -> tuple[Any, Any]:
    kind = _type_of(field)
    options: dict[str, Any] = {"default": None} if field.nullable else {}
    if field.aliases:
        options["validation_alias"] = AliasChoices(*field.aliases)
    return kind | None if field.nullable else kind, pydantic.Field(**options)


def _type_of(field: Field) -> Any:
    if field.kind is Kind.NUMERIC:
        return Annotated[Decimal, pydantic.Field(max_digits=MOST_DIGITS, decimal_places=field.places)]
    return _TYPES[field.kind]
