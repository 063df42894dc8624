"""Present rows: what the table holds already of the keys of a batch, as Arrow columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Inexact, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_CYCLE = 146_097 * 24 * 3_600_000_000
"""Microseconds of 400 years, after which the calendar begins anew."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Present:
    """Rows of the table.

    `parts` and `places` are the `tableoid` and `ctid` of each, which say where it lies; `is_own` whether
    this load wrote it; `columns` its values in the types of the batch. `is_odd` marks rows with a value that
    the contract cannot hold, so that no row of a file equals them; such a value is null in `columns`.
    """

    parts: npt.NDArray[np.int64]
    places: pa.StringArray
    is_own: Mask
    columns: dict[str, pa.Array[Any]]
    is_odd: Mask | None

    def __len__(self) -> int:
        return len(self.places)

    def without_values(self) -> Present:
        """Where the rows lie, without what they hold."""
        return replace(self, columns={}, is_odd=None)

    def at(self, positions: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], pa.StringArray]:
        """`parts` and `places` of the rows at `positions`."""
        return self.parts[positions], self.places.take(positions)


def parse(content: bytes, schema: pa.Schema) -> Present:
    """The rows of `content`, as Postgres writes rows: whether own, `tableoid`, `ctid`, `schema`, and null."""
    types = {field.name: field.type for field in schema}
    is_odd: Mask | None = None
    try:
        columns = _read(content, types)
    except pa.ArrowInvalid:
        columns, is_odd = _read_value_by_value(content, types)
    return Present(
        parts=columns["_part"].to_numpy(),
        places=pa.array(columns["_place"], pa.string()),
        is_own=columns["_own"].to_numpy(zero_copy_only=False),
        columns={name: columns[name] for name in types},
        is_odd=is_odd,
    )


def _read(content: bytes, types: dict[str, pa.DataType]) -> dict[str, pa.Array[Any]]:
    """The columns of rows in Postgres' text form: CSV in parentheses, in which backslashes are doubled."""
    fixed = {"_own": pa.bool_(), "_part": pa.int64(), "_place": pa.string()}
    if not content:
        return {name: pa.array([], kind) for name, kind in (fixed | types).items()}
    naive = {name: _without_zone(kind) for name, kind in types.items()}
    table = csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False, column_names=[*fixed, *types, "_end"], block_size=len(content) + 1
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types={**fixed, **naive, "_end": pa.string()},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t", "(t"],
            false_values=["f", "(f"],
        ),
    )
    columns = {name: _in_one_piece(table.column(name)) for name in (*fixed, *types)}
    for name, kind in types.items():
        if pa.types.is_string(kind) and b"\\" in content:
            columns[name] = pc.replace_substring(columns[name], "\\\\", "\\")
        elif kind != naive[name]:
            columns[name] = columns[name].cast(kind)
    return columns


def _without_zone(kind: pa.DataType) -> pa.DataType:
    """The type as which it is read: moments are selected in UTC, as text without a zone."""
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _in_one_piece(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _read_value_by_value(
    content: bytes, types: dict[str, pa.DataType]
) -> tuple[dict[str, pa.Array[Any]], Mask]:
    """For rows that somebody else wrote: `numeric` beyond the contract's places, `infinity` as a date."""
    columns = _read(content, dict.fromkeys(types, pa.string()))
    is_odd = np.zeros(len(columns["_place"]), np.bool_)
    for name, kind in types.items():
        texts = columns[name].to_pylist()
        values = [_value(text, kind) for text in texts]
        is_odd |= [value is None and text is not None for value, text in zip(values, texts, strict=True)]
        columns[name] = pa.array(values, kind)
    return columns, is_odd


def _value(text: str | None, kind: pa.DataType) -> Any:
    """The value in Python, `None` where the type has no room for it."""
    if text is None:
        return None
    try:
        return _python_type(kind)(text)
    except (ValueError, ArithmeticError, pa.ArrowInvalid):
        return None


def _python_type(kind: pa.DataType) -> Callable[[str], Any]:
    if pa.types.is_decimal(kind):
        return lambda text: pa.scalar(_EXACT.create_decimal(text).normalize(_EXACT), kind).as_py()
    if pa.types.is_timestamp(kind):
        return _microseconds
    readers: dict[pa.DataType, Callable[[str], Any]] = {
        pa.date32(): date.fromisoformat,
        pa.bool_(): "t".__eq__,
        pa.float64(): float,
        pa.int64(): int,
    }
    return readers.get(kind, str)


def _microseconds(text: str) -> int:
    """Since 1970, also of a moment beyond the year 9999, which a late one west of Greenwich is in UTC."""
    year, _, rest = text.partition("-")
    cycles = max(int(year) - 9600, 0) // 400
    at = datetime.fromisoformat(f"{int(year) - 400 * cycles:04d}-{rest}+00:00")
    return (at - _EPOCH) // timedelta(microseconds=1) + cycles * _CYCLE
