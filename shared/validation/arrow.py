"""The Arrow type in which each field of a contract travels from validation to the table."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa

from shared.tables.dataset import Field

_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
}


def type_of(field: Field) -> pa.DataType:
    """The Arrow type; a Decimal is exact, with the contract's digits and places."""
    if field.python_type is Decimal:
        return pa.decimal128(field.max_digits or 0, field.decimal_places or 0)
    return _TYPES[field.python_type]
