"""Existing rows of a table as Arrow columns, parsed from Postgres' text form."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from pyarrow import csv

from shared.validation import arrow_types

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """Rows of the table.

    `tableoids` and `ctids` are their positions; `from_this_load` says which of them this load wrote;
    `columns` has their values in the types of the batch. `not_comparable` marks rows with a value that the
    contract cannot hold, so that no row of a file equals them; such a value is null in `columns`.
    """

    tableoids: npt.NDArray[np.int64]
    ctids: pa.StringArray
    from_this_load: Mask
    columns: dict[str, pa.Array[Any]]
    not_comparable: Mask | None

    def __len__(self) -> int:
        return len(self.ctids)

    def without_values(self) -> ExistingRows:
        """The positions of the rows without their values."""
        return replace(self, columns={}, not_comparable=None)

    def positions(self, indices: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], pa.StringArray]:
        """`tableoids` and `ctids` of the rows at `indices`."""
        return self.tableoids[indices], self.ctids.take(indices)


def parse_existing_rows(content: bytes, schema: pa.Schema) -> ExistingRows:
    """Parse `content`, rows in Postgres' text form, one per line.

    Each row has whether this load wrote it, `tableoid`, `ctid`, the columns of `schema`, and a null.
    """
    types = {field.name: field.type for field in schema}
    not_comparable: Mask | None = None
    try:
        columns = _read(content, types)
    except pa.ArrowInvalid:
        columns, not_comparable = _read_each_value(content, types)
    return ExistingRows(
        tableoids=columns["_tableoid"].to_numpy(),
        ctids=pa.array(columns["_ctid"], pa.string()),
        from_this_load=columns["_own"].to_numpy(zero_copy_only=False),
        columns={name: columns[name] for name in types},
        not_comparable=not_comparable,
    )


def _read(content: bytes, types: dict[str, pa.DataType]) -> dict[str, pa.Array[Any]]:
    """The columns of rows in Postgres' text form, which is CSV in parentheses with doubled backslashes."""
    fixed = {"_own": pa.bool_(), "_tableoid": pa.int64(), "_ctid": pa.string()}
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
    columns = {name: _as_one_array(table.column(name)) for name in (*fixed, *types)}
    for name, kind in types.items():
        if pa.types.is_string(kind) and b"\\" in content:
            columns[name] = pc.replace_substring(columns[name], "\\\\", "\\")
        elif kind != naive[name]:
            columns[name] = columns[name].cast(kind)
    return columns


def _without_zone(kind: pa.DataType) -> pa.DataType:
    """The type to parse: timestamps with a zone are selected in UTC, without the zone."""
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _as_one_array(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _read_each_value(content: bytes, types: dict[str, pa.DataType]) -> tuple[dict[str, pa.Array[Any]], Mask]:
    """`_read` for rows of other writers, with values such as a `numeric` with more digits, or `infinity`."""
    columns = _read(content, dict.fromkeys(types, pa.string()))
    not_comparable = np.zeros(len(columns["_ctid"]), np.bool_)
    for name, kind in types.items():
        texts = columns[name].to_pylist()
        values = [_value(text, kind) for text in texts]
        not_comparable |= [
            value is None and text is not None for value, text in zip(values, texts, strict=True)
        ]
        columns[name] = pa.array(values, kind)
    return columns, not_comparable


def _value(text: str | None, kind: pa.DataType) -> Any:
    """The value in Python, `None` if the type cannot hold it."""
    if text is None:
        return None
    try:
        return arrow_types.parse_text(text, kind)
    except (ValueError, ArithmeticError, pa.ArrowInvalid):
        return None


_MAX_TEXT_BYTES = 256
"""Longer texts are compared by their digests."""

_DIGEST_PREFIX = "\x02"
"""A text that begins with it is replaced by its digest too, so that no text can be taken for a digest."""

_TEXT_OR_DIGEST = sql.SQL(
    "case when octet_length({0}) > {1} or starts_with({0}, {2})"
    " then {2} || encode(sha256(convert_to({0}, 'UTF8')), 'hex') else {0} end"
)


def digest_expression(column: sql.Composable) -> sql.Composable:
    """SQL for the text `column`, or for its digest if it is long."""
    return _TEXT_OR_DIGEST.format(column, sql.Literal(_MAX_TEXT_BYTES), sql.Literal(_DIGEST_PREFIX))


def digest_long_texts(texts: pa.StringArray) -> pa.StringArray:
    """`texts` as `digest_expression` selects them."""
    lengths: Any = pc.binary_length(texts)
    max_bytes: Any = pa.scalar(_MAX_TEXT_BYTES)
    is_long: Any = pc.greater(lengths, max_bytes)
    has_prefix: Any = pc.starts_with(texts, _DIGEST_PREFIX)
    mask: Any = pc.or_(is_long, has_prefix).fill_null(False)
    indices = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    if not len(indices):
        return texts
    digests = pa.array([_digest(str(text)) for text in texts.take(indices).to_pylist()], pa.string())
    replaced: Any = pc.replace_with_mask(texts, mask, digests)
    return pa.array(replaced, pa.string())


def _digest(text: str) -> str:
    return _DIGEST_PREFIX + hashlib.sha256(text.encode()).hexdigest()
