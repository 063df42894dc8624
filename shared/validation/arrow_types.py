"""The Arrow type of each field between validation and the table."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum
from typing import Any

import pandas as pd
import pyarrow as pa
from pydantic import AwareDatetime

from shared.contracts.dataset_table import Field

_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us"),
    AwareDatetime: pa.timestamp("us", "UTC"),
}

_EXACT = Context(prec=76, traps=[Inexact, InvalidOperation])


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type; a Decimal is exact, with the contract's digits and places."""
    if field.python_type is Decimal:
        return pa.decimal128(field.max_digits or 0, field.decimal_places or 0)
    return _TYPES[field.python_type]


def to_arrow_column(values: list[Any], field: Field) -> pa.Array[Any]:
    """Values of the model as the column of `field`; an enumeration's member as its value.

    Raises what Arrow raises, and `decimal.Inexact`, where the column cannot hold a value.
    """
    if field.python_type is Decimal:
        values = [_scaled(value, field.decimal_places or 0) for value in values]
    return pa.array(
        [value.value if isinstance(value, Enum) else value for value in values], arrow_type(field)
    )


def _scaled(value: Any, places: int) -> Any:
    """A Decimal with just these places: of `1.5` with sixty zeros behind it, Arrow makes another number."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal((0, (1,), -places)), context=_EXACT)


def text_array(column: pd.Series[str]) -> pa.StringArray:
    """The column of text without a copy, where it is one array of 32-bit offsets already."""
    array = _array(column)
    text: pa.StringArray = array if array.type == pa.string() else array.cast(pa.string())
    return text


def frame_columns(frame: pd.DataFrame) -> dict[str, pa.Array[Any]]:
    """The columns of an Arrow-backed frame over the same memory."""
    return {str(name): _array(frame[name]) for name in frame.columns}


def _array(column: pd.Series[Any]) -> Any:
    held: Any = column.array
    array: Any = pa.array(held, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    return array


def to_frame(columns: dict[str, pa.Array[Any]]) -> pd.DataFrame:
    """A frame over the same memory."""
    return pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(array) for name, array in columns.items()}, copy=False
    )
