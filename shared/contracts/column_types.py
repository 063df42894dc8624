"""The registry of column types: one entry for each, with its names in PostgreSQL, Python and contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Numeric, Text
from sqlalchemy.types import TypeEngine

from shared.contracts import base

MAX_DIGITS = 38
"""Digits of a decimal number: those of Arrow's decimal128, as which numbers are sent to the table."""


class Kind(StrEnum):
    """The name of a column type in PostgreSQL."""

    UNKNOWN = "nothing"
    """No value was seen yet, so every type still fits. The column of the table is text."""
    BOOLEAN = "boolean"
    BIGINT = "bigint"
    NUMERIC = "numeric"
    DOUBLE = "double precision"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of columns.

    `annotation` is the field type in the contract of an inferred dataset, `source` its name in generated
    source and `module` where that is imported from; a numeric column also needs its digits there. `bytes` is
    the size of a value in a row (`None` if it varies), `max_text_bytes` the size of the longest value as
    text. A type is `exact` if each of its values has only one text; only such types are inferred for a key.
    `text` is the SQL expression of a `{value}` as a file has it; times have a `{separator}`.
    """

    name: Kind
    python_type: type
    sql_type: TypeEngine[Any]
    annotation: Any
    source: str
    module: str | None = None
    bytes: int | None = None
    max_text_bytes: int = 0
    exact: bool = False
    text: str = "{value}::text"


# Not `::text`, which depends on the session's `DateStyle` and `TimeZone`.
_TIME = "rtrim(rtrim(to_char({value}, 'YYYY-MM-DD{{separator}}HH24:MI:SS.US'), '0'), '.')"
_BASE = base.__name__

_ALL = (
    ColumnType(Kind.TEXT, str, Text(), str, "str", exact=True),
    ColumnType(Kind.BIGINT, int, BigInteger(), base.BigInt, "BigInt", _BASE, bytes=8, exact=True),
    ColumnType(Kind.DOUBLE, float, Double(), base.Double, "Double", _BASE, bytes=8),
    # Without precision and scale, so that no value is padded or rounded; the contract limits the digits.
    ColumnType(Kind.NUMERIC, Decimal, Numeric(), Decimal, "Decimal", "decimal"),
    ColumnType(Kind.BOOLEAN, bool, Boolean(), bool, "bool", bytes=1, max_text_bytes=5),
    ColumnType(
        Kind.DATE,
        date,
        Date(),
        base.Date,
        "Date",
        _BASE,
        bytes=4,
        max_text_bytes=10,
        exact=True,
        text="to_char({value}, 'YYYY-MM-DD')",
    ),
    ColumnType(
        Kind.TIMESTAMP,
        datetime,
        DateTime(),
        base.Timestamp,
        "Timestamp",
        _BASE,
        bytes=8,
        max_text_bytes=26,
        text=_TIME.format(value="{value}"),
    ),
    ColumnType(
        Kind.TIMESTAMPTZ,
        AwareDatetime,
        DateTime(timezone=True),
        base.TimestampTz,
        "TimestampTz",
        _BASE,
        bytes=8,
        max_text_bytes=27,
        text=_TIME.format(value="{value} at time zone 'UTC'") + " || 'Z'",
    ),
)

BY_PYTHON_TYPE: dict[type, ColumnType] = {each.python_type: each for each in _ALL}
COLUMN_TYPES: dict[Kind, ColumnType] = {each.name: each for each in _ALL}
COLUMN_TYPES[Kind.UNKNOWN] = COLUMN_TYPES[Kind.TEXT]
