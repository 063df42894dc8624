"""The table of a dataset, derived from its contract."""

from __future__ import annotations

import types
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import NaiveDatetime
from pydantic.fields import FieldInfo
from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, Table, Text

from shared.contracts import column_names
from shared.contracts.base import MAX_CONTRACTS, Contract
from shared.contracts.column_types import BY_PYTHON_TYPE, MAX_DIGITS, ColumnType

TABLE_SCHEMA = "public"

LOAD_COLUMN = "_load"
"""Serial number of the ingestion that last changed the row."""
LINE_COLUMN = "_line"
"""Line of the row in that ingestion's file; the first line is 1."""
MANUAL_EDIT_LOAD = 2**63 - 1
"""`_load` of rows that were last changed by hand, one at a time: they come behind those of all loads. Their
`_line` is the number of the edit in `ingest.edits`."""


@dataclass(frozen=True, slots=True)
class Field:
    """What the load needs to know of one field of a contract."""

    name: str
    python_type: type
    required: bool
    nullable: bool
    max_digits: int | None = None
    decimal_places: int | None = None

    @property
    def column_type(self) -> ColumnType:
        """The type of its column."""
        return BY_PYTHON_TYPE[self.python_type]


@lru_cache(MAX_CONTRACTS)
def contract_fields(contract: type[Contract]) -> tuple[Field, ...]:
    """The fields of `contract` in its order; raises `TypeError` that names one no column can hold."""
    found = tuple(_field(contract, name, info) for name, info in contract.model_fields.items())
    for field in found:
        if field.name in contract.key and field.nullable:
            raise TypeError(f"{contract.__name__}.{field.name}: a field of the key cannot be optional")
    return found


def _field(contract: type[Contract], name: str, info: FieldInfo) -> Field:
    python_type, nullable, metadata = _unwrap(info.annotation)
    metadata += info.metadata
    where = f"{contract.__name__}.{name}"
    if python_type not in BY_PYTHON_TYPE:
        known = ", ".join(each.__name__ for each in BY_PYTHON_TYPE)
        raise TypeError(f"{where}: no column type for {info.annotation!r}; use {known}, optionally | None")
    digits, places = _metadata(metadata, "max_digits"), _metadata(metadata, "decimal_places")
    if python_type is Decimal and (digits is None or places is None or digits > MAX_DIGITS):
        raise TypeError(f"{where}: give a Decimal max_digits (at most {MAX_DIGITS}) and decimal_places")
    if python_type is int and not _fits_bigint(metadata):
        raise TypeError(f"{where}: bound an int to 64 bits, as contracts.base.BigInt does")
    return Field(name, python_type, info.is_required(), nullable, digits, places)


def _unwrap(annotation: Any) -> tuple[Any, bool, list[Any]]:
    """The type without `| None` and `Annotated`, whether it may be `None`, and what `Annotated` added."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        python_type, nullable, metadata = _unwrap(inner)
        for extra in extras:
            metadata += extra.metadata if isinstance(extra, FieldInfo) else [extra]
        return python_type, nullable, metadata
    if get_origin(annotation) in {Union, types.UnionType}:
        members = [member for member in get_args(annotation) if member is not types.NoneType]
        if len(members) == 1:
            python_type, _, metadata = _unwrap(members[0])
            return python_type, True, metadata
    return _stored(annotation), False, []


def _stored(annotation: Any) -> Any:
    """The type in which a column holds it: a choice of texts is text."""
    if get_origin(annotation) is Literal:
        choices = list(get_args(annotation))
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        choices = [member.value for member in annotation]
    else:
        return datetime if annotation is NaiveDatetime else annotation
    return str if all(type(choice) is str for choice in choices) else annotation


def _metadata(metadata: list[Any], name: str) -> Any:
    found = [value for item in metadata if (value := getattr(item, name, None)) is not None]
    return found[-1] if found else None


def _fits_bigint(metadata: list[Any]) -> bool:
    lows = [low for name in ("ge", "gt") if (low := _metadata(metadata, name)) is not None]
    highs = [high for name in ("le", "lt") if (high := _metadata(metadata, name)) is not None]
    return bool(lows and highs) and max(lows) >= -(2**63) and min(highs) <= 2**63 - 1


def qualified_name(dataset: str) -> str:
    """The name of its table with its schema, as a text for `regclass`."""
    return f'"{TABLE_SCHEMA}"."{dataset}"'


def index_name(dataset: str) -> str:
    """Name of the index by which the rows of a load are found."""
    return f"{dataset}_load_line"


def key_name(dataset: str) -> str:
    """Name of the primary key."""
    return f"{dataset}_pkey"


@lru_cache(MAX_CONTRACTS)
def sqlalchemy_table(contract: type[Contract]) -> Table:
    """The SQLAlchemy table of `contract`: its columns, then `_load` and `_line`.

    Raises `TypeError` that names a field no column can hold, or two that one column of a file could be.
    """
    column_names.fields_by_name(contract)
    columns = [_column(contract, field) for field in contract_fields(contract)]
    lineage = [Column(name, BigInteger, nullable=False) for name in (LOAD_COLUMN, LINE_COLUMN)]
    made = Table(contract.dataset, MetaData(), *columns, *lineage, schema=TABLE_SCHEMA)
    if contract.key:
        made.append_constraint(PrimaryKeyConstraint(*contract.key, name=key_name(contract.dataset)))
    # Rows lie in the order of their loads, so a summary of each group of pages finds them; a b-tree costs a
    # load 40 %. `minmax_multi` stays useful when updates scatter later loads' rows among earlier ones.
    Index(
        index_name(contract.dataset),
        made.c[LOAD_COLUMN],
        made.c[LINE_COLUMN],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},  # new pages too, soon after a load
        postgresql_ops=dict.fromkeys((LOAD_COLUMN, LINE_COLUMN), "int8_minmax_multi_ops"),
    )
    return made


def _column(contract: type[Contract], field: Field) -> Column[Any]:
    sql_type = field.column_type.sql_type
    if field.name in contract.key and field.python_type is str:
        # Byte order: a key needs no language's sorting, and comparing is several times cheaper.
        sql_type = Text(collation="C")
    return Column(field.name, sql_type, nullable=field.nullable)
