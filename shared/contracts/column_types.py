"""Postgres' type names for the fields of a contract."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import AwareDatetime

from shared.contracts.dataset_table import Field

_NAMES: dict[type, str] = {
    str: "text",
    int: "bigint",
    float: "double precision",
    Decimal: "numeric",
    bool: "boolean",
    date: "date",
    datetime: "timestamp",
    AwareDatetime: "timestamptz",
}


def type_name(field: Field) -> str:
    """The name of the type of the column of `field`."""
    return _NAMES[field.python_type]
