"""Arrow types of columns, and values converted from the model and from PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import Enum
from typing import Any

import pandas as pd
import pyarrow as pa

from shared.contracts.column_types import Kind
from shared.contracts.dataset_table import Field

_EXACT = Context(prec=76, traps=[Inexact, InvalidOperation])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE = 146_097 * 24 * 3_600_000_000
"""Microseconds of 400 years, after which the calendar repeats."""


def _microseconds(text: str) -> int:
    """Microseconds since 1970, also for a time that is after the year 9999 in UTC."""
    year, _, rest = text.partition("-")
    cycles = max(int(year) - 9600, 0) // 400
    at = datetime.fromisoformat(f"{int(year) - 400 * cycles:04d}-{rest}+00:00")
    return (at - _EPOCH) // timedelta(microseconds=1) + cycles * _CYCLE


@dataclass(frozen=True, slots=True)
class _ArrowType:
    """An Arrow type; `parse` reads a value from the text that PostgreSQL writes, times without a zone."""

    type: pa.DataType
    parse: Callable[[str], Any]


_TYPES = {
    Kind.TEXT: _ArrowType(pa.string(), str),
    Kind.BIGINT: _ArrowType(pa.int64(), int),
    Kind.DOUBLE: _ArrowType(pa.float64(), float),
    Kind.BOOLEAN: _ArrowType(pa.bool_(), "t".__eq__),
    Kind.DATE: _ArrowType(pa.date32(), date.fromisoformat),
    Kind.TIMESTAMP: _ArrowType(pa.timestamp("us"), _microseconds),
    Kind.TIMESTAMPTZ: _ArrowType(pa.timestamp("us", "UTC"), _microseconds),
}
"""Numeric columns have a type of their own for each number of digits."""
_PARSERS = {each.type: each.parse for each in _TYPES.values()}


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of the column of `field`; decimals have the contract's digits and places."""
    if field.python_type is Decimal:
        return pa.decimal128(field.max_digits or 0, field.decimal_places or 0)
    return _TYPES[field.column_type.name].type


def parse_text(text: str, kind: pa.DataType) -> Any:
    """A value of Arrow type `kind` from the text that PostgreSQL writes, times without a zone.

    Raises `ValueError`, `ArithmeticError` or `pa.ArrowInvalid` if the type cannot hold it.
    """
    if pa.types.is_decimal(kind):
        return pa.scalar(_EXACT.create_decimal(text).normalize(_EXACT), kind).as_py()
    return _PARSERS[kind](text)


def to_python(column: pa.Array[Any]) -> list[Any]:
    """The values of `column` in Python.

    Raises `OverflowError` or `ValueError` for a time before the year 1 or after 9999.
    """
    return list(column.to_pylist())


def to_arrow_column(values: list[Any], field: Field) -> pa.Array[Any]:
    """Values of the model as the column of `field`; the member of an enumeration as its value.

    Raises errors of Arrow, and `decimal.Inexact`, if the column cannot hold a value.
    """
    if field.python_type is Decimal:
        values = [_scaled(value, field.decimal_places or 0) for value in values]
    return pa.array(
        [value.value if isinstance(value, Enum) else value for value in values], arrow_type(field)
    )


def _scaled(value: Any, places: int) -> Any:
    """A Decimal with these places: Arrow converts `1.5` with sixty zeros behind it to another number."""
    if not isinstance(value, Decimal):
        return value
    return value.quantize(Decimal((0, (1,), -places)), context=_EXACT)


def text_array(column: pd.Series[str]) -> pa.StringArray:
    """A text column as an array with 32-bit offsets, without a copy if it is one already."""
    array = _array(column)
    text: pa.StringArray = array if array.type == pa.string() else array.cast(pa.string())
    return text


def frame_columns(frame: pd.DataFrame) -> dict[str, pa.Array[Any]]:
    """The columns of an Arrow-backed frame, without a copy."""
    return {str(name): _array(frame[name]) for name in frame.columns}


def _array(column: pd.Series[Any]) -> Any:
    held: Any = column.array
    array: Any = pa.array(held, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks == 1 else array.combine_chunks()
    return array


def to_frame(columns: dict[str, pa.Array[Any]]) -> pd.DataFrame:
    """A frame of these columns, without a copy."""
    return pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(array) for name, array in columns.items()}, copy=False
    )
