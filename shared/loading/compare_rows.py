"""Compares the rows of a batch with the existing rows that have their keys: new, changed or unchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.loading import existing_rows
from shared.loading.existing_rows import ExistingRows, Mask

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which rows of a batch are new, and what the others have in common with `existing` rows.

    `new`, `own`, `changed` and `unchanged` are indices of rows in the batch. `own`: this load wrote the
    existing row with the key; `changed` and `unchanged`: another load did, and its values differ or are the
    same. `own_at`, `changed_at` and `unchanged_at` are the indices of these existing rows. `repeated` counts
    the rows whose key occurs again later in the batch; they are in none of the four.
    """

    existing: ExistingRows
    new: Indices
    own: Indices
    own_at: Indices
    changed: Indices
    changed_at: Indices
    unchanged: Indices
    unchanged_at: Indices
    repeated: int

    @property
    def has_existing_keys(self) -> bool:
        """Whether a row of the batch has the key of an existing row."""
        return bool(len(self.own) + len(self.changed) + len(self.unchanged))

    def is_same_as(self, other: Comparison) -> bool:
        """Whether both have the same result for the same rows in the same positions of the table."""
        return (
            np.array_equal(self.new, other.new)
            and np.array_equal(self.own, other.own)
            and np.array_equal(self.changed, other.changed)
            and bool(self.existing.ctids.equals(other.existing.ctids))
        )


def compare_rows(rows: pa.RecordBatch, existing: ExistingRows, key: Sequence[str]) -> Comparison:
    """Compare `rows` with `existing` rows by the columns `key`, and by all other columns that these have."""
    row_keys, existing_keys = _key_numbers(rows, existing, key)
    last_row = np.full(max(row_keys.max(initial=0), existing_keys.max(initial=0)) + 1, -1, np.int64)
    last_row[row_keys] = np.arange(len(row_keys))  # numpy assigns the last value of a repeated index
    counted = np.unique(last_row[last_row >= 0])
    existing_row = np.full(len(last_row), -1, np.int64)
    existing_row[existing_keys] = np.arange(len(existing_keys))
    if existing.not_comparable is not None:
        existing_row[existing_keys[_has_unknown_key(existing, key)]] = -1
    at = existing_row[row_keys[counted]]
    matched, matched_at = counted[at >= 0], at[at >= 0]
    is_own = existing.from_this_load[matched_at]
    is_same = ~is_own & _is_same(rows, existing, matched, matched_at, key)
    is_changed = ~is_own & ~is_same
    return Comparison(
        existing=existing.without_values(),
        new=counted[at < 0],
        own=matched[is_own],
        own_at=matched_at[is_own],
        changed=matched[is_changed],
        changed_at=matched_at[is_changed],
        unchanged=matched[is_same],
        unchanged_at=matched_at[is_same],
        repeated=len(row_keys) - len(counted),
    )


def _key_numbers(rows: pa.RecordBatch, existing: ExistingRows, key: Sequence[str]) -> tuple[Indices, Indices]:
    """A small number for the key of each row of both, the same number for the same key."""
    codes = np.zeros(rows.num_rows + len(existing), np.int64)
    for name in key:
        both: Any = pa.concat_arrays([rows.column(name), existing.columns[name]])
        if pa.types.is_floating(both.type):
            both = pc.add(both, 0.0)  # -0.0 and 0.0 are the same key
        encoded = both.dictionary_encode(null_encoding="encode")
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy()
        if codes.max(initial=0) > 2 * len(codes):
            codes = np.unique(codes, return_inverse=True)[1]
    return codes[: rows.num_rows], codes[rows.num_rows :]


def _has_unknown_key(existing: ExistingRows, key: Sequence[str]) -> Mask:
    """Existing rows whose key the contract cannot hold; `columns` has null for it."""
    unknown = np.zeros(len(existing), np.bool_)
    for name in key:
        unknown |= existing.columns[name].is_null().to_numpy(zero_copy_only=False)
    return unknown


def _is_same(
    rows: pa.RecordBatch, existing: ExistingRows, matched: Indices, matched_at: Indices, key: Sequence[str]
) -> Mask:
    """Whether each row of `rows` at `matched` has the values of the existing row at `matched_at`."""
    same = np.ones(len(matched), np.bool_)
    if existing.not_comparable is not None:
        same &= ~existing.not_comparable[matched_at]
    for name in existing.columns.keys() - set(key):
        new, old = _take(rows.column(name), matched), _take(existing.columns[name], matched_at)
        if pa.types.is_string(new.type):
            new = existing_rows.digest_long_texts(new)
        equal = pc.equal(new, old).fill_null(False)
        for predicate in _equal_to_each_other(new.type):
            equal = pc.or_(equal, pc.and_(predicate(new), predicate(old)).fill_null(False))
        same &= equal.to_numpy(zero_copy_only=False)
    return same


def _take(column: pa.Array[Any], indices: Indices) -> Any:
    """`column.take`, without a copy if it would change nothing."""
    if len(indices) == len(column) and np.array_equal(indices, np.arange(len(column))):
        return column
    return column.take(indices)


def _equal_to_each_other(kind: pa.DataType) -> list[Callable[[Any], Any]]:
    """Predicates of values that count as equal although `=` says otherwise: nulls, and NaN as in Postgres."""
    return [pc.is_null, pc.is_nan] if pa.types.is_floating(kind) else [pc.is_null]
