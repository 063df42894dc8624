"""The oracle: validates each row of a batch with `model_validate`, and compares `validate` with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from shared.contracts.base import Contract
from shared.parsing.reader import Batch
from shared.parsing.rejects import RowError, model_errors
from shared.validation.validate import Validated, validate

FIRST_LINE = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Reasons = tuple[RowError, ...]
Column = Sequence[str | None]


def batch_of(columns: dict[str, Column], rows: int | None = None) -> Batch:
    """A batch as reading makes it, every other line empty, so that positions are no lines."""
    count = rows if rows is not None else len(next(iter(columns.values())))
    text = {
        name: pd.Series(pd.arrays.ArrowExtensionArray(pa.array(list(values), pa.string())))
        for name, values in columns.items()
    }
    return Batch(
        text=pd.DataFrame(text, index=pd.RangeIndex(count)),
        lines=np.arange(count, dtype=np.int64) * 2 + FIRST_LINE,
        raw=lambda position: f"row {position}",
        rejects=[],
    )


def require_as_row_by_row(columns: dict[str, Column], contract: type[Contract]) -> Validated:
    """`validate` accepts the rows that the model accepts, as the values it yields, and refuses the others
    for its reasons.
    """
    batch = batch_of(columns)
    found = validate(batch, contract)
    accepted, refused = _row_by_row(columns, contract)
    assert found.lines.tolist() == [2 * position + FIRST_LINE for position, _ in accepted]
    table = pa.Table.from_pandas(found.rows, preserve_index=False)
    assert table.column_names == list(contract.model_fields)
    for name in table.column_names:
        expected = [_comparable(getattr(row, name)) for _, row in accepted]
        assert _values(table.column(name)) == expected
    assert [(reject.line, reject.raw) for reject in found.rejects] == [
        (2 * position + FIRST_LINE, f"row {position}") for position, _ in refused
    ]
    assert [reject.errors for reject in found.rejects] == [reasons for _, reasons in refused]
    return found


def _row_by_row(
    columns: dict[str, Column], contract: type[Contract]
) -> tuple[list[tuple[int, Contract]], list[tuple[int, Reasons]]]:
    accepted: list[tuple[int, Contract]] = []
    refused: list[tuple[int, Reasons]] = []
    for position, values in enumerate(zip(*columns.values(), strict=True)):
        present = {name: value for name, value in zip(columns, values, strict=True) if value is not None}
        try:
            row = contract.model_validate(present, by_alias=False, by_name=True)
        except ValidationError as exc:
            refused.append((position, model_errors(exc, present)))
        else:
            accepted.append((position, row))
    return accepted, refused


def _values(column: pa.ChunkedArray[Any]) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    return [_comparable(value) for value in column.to_pylist()]


def _comparable(value: Any) -> Any:
    """A value that compares as wanted: NaN with itself, zeros by sign, times outside Python's years."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float | bool):
        return repr(value)
    if isinstance(value, datetime):
        return (value.replace(tzinfo=value.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)
    return value
