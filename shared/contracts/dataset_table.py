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
"""Line of the row in the file of that ingestion; the first line is 1."""
MANUAL_EDIT_LOAD = 2**63 - 1
"""`_load` of rows that were last changed by a request for a single row. They sort after rows of all loads;
their `_line` is the number of the edit in `ingest.edits`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a contract, and its column."""

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
    """The fields of `contract` in its order; raises `TypeError` for a field that has no column type."""
    fields = tuple(_field(contract, name, info) for name, info in contract.model_fields.items())
    for field in fields:
        if field.name in contract.key and field.nullable:
            raise TypeError(f"{contract.__name__}.{field.name}: a field of the key cannot be optional")
    return fields


def _field(contract: type[Contract], name: str, info: FieldInfo) -> Field:
    python_type, nullable, metadata = _unwrap(info.annotation)
    metadata += info.metadata
    where = f"{contract.__name__}.{name}"
    if python_type not in BY_PYTHON_TYPE:
        types_ = ", ".join(each.__name__ for each in BY_PYTHON_TYPE)
        raise TypeError(f"{where}: no column type for {info.annotation!r}; use {types_}, optionally | None")
    digits, places = _metadata(metadata, "max_digits"), _metadata(metadata, "decimal_places")
    if python_type is Decimal and (digits is None or places is None or digits > MAX_DIGITS):
        raise TypeError(f"{where}: a Decimal needs max_digits (at most {MAX_DIGITS}) and decimal_places")
    if python_type is int and not _fits_bigint(metadata):
        raise TypeError(f"{where}: limit an int to 64 bits; use BigInt from shared.contracts.base")
    return Field(name, python_type, info.is_required(), nullable, digits, places)


def _unwrap(annotation: Any) -> tuple[Any, bool, list[Any]]:
    """The type without `| None` and `Annotated`, whether it may be `None`, and its metadata."""
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
    return _stored_type(annotation), False, []


def _stored_type(annotation: Any) -> Any:
    """The type of the stored values: `str` for an enumeration of texts."""
    if get_origin(annotation) is Literal:
        choices = list(get_args(annotation))
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        choices = [member.value for member in annotation]
    else:
        return datetime if annotation is NaiveDatetime else annotation
    return str if all(type(choice) is str for choice in choices) else annotation


def _metadata(metadata: list[Any], name: str) -> Any:
    values = [value for item in metadata if (value := getattr(item, name, None)) is not None]
    return values[-1] if values else None


def _fits_bigint(metadata: list[Any]) -> bool:
    lows = [low for name in ("ge", "gt") if (low := _metadata(metadata, name)) is not None]
    highs = [high for name in ("le", "lt") if (high := _metadata(metadata, name)) is not None]
    return bool(lows and highs) and max(lows) >= -(2**63) and min(highs) <= 2**63 - 1


def qualified_name(dataset: str) -> str:
    """The quoted name of the dataset's table with its schema, as a text for `regclass`."""
    return f'"{TABLE_SCHEMA}"."{dataset}"'


def index_name(dataset: str) -> str:
    """Name of the index that finds the rows of a load."""
    return f"{dataset}_load_line"


def key_name(dataset: str) -> str:
    """Name of the primary key constraint."""
    return f"{dataset}_pkey"


@lru_cache(MAX_CONTRACTS)
def sqlalchemy_table(contract: type[Contract]) -> Table:
    """The SQLAlchemy table of `contract`: its columns, then `_load` and `_line`.

    Raises `TypeError` for a field without a column type, or if one column of a file could be two fields.
    """
    column_names.fields_by_name(contract)
    columns = [_column(contract, field) for field in contract_fields(contract)]
    lineage = [Column(name, BigInteger, nullable=False) for name in (LOAD_COLUMN, LINE_COLUMN)]
    table = Table(contract.dataset, MetaData(), *columns, *lineage, schema=TABLE_SCHEMA)
    if contract.key:
        table.append_constraint(PrimaryKeyConstraint(*contract.key, name=key_name(contract.dataset)))
    # Rows are stored in the order of their loads, so a BRIN index finds them; a b-tree costs a load 40 %.
    # `minmax_multi` stays useful when updates put rows of later loads between rows of earlier ones.
    Index(
        index_name(contract.dataset),
        table.c[LOAD_COLUMN],
        table.c[LINE_COLUMN],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},  # also for new pages, soon after a load
        postgresql_ops=dict.fromkeys((LOAD_COLUMN, LINE_COLUMN), "int8_minmax_multi_ops"),
    )
    return table


def _column(contract: type[Contract], field: Field) -> Column[Any]:
    sql_type = field.column_type.sql_type
    if field.name in contract.key and field.python_type is str:
        # A key needs no sorting by language, and comparing bytes is several times faster.
        sql_type = Text(collation="C")
    return Column(field.name, sql_type, nullable=field.nullable)
