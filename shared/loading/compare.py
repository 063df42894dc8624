"""Compares a batch with the existing rows of its keys: new, changed or unchanged."""

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

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the rows of a batch are beside `present`; `repeated` counts those whose key comes again later on.

    The others are `new`, by position in the batch, or met a present row: one of this load itself (`own`), one
    with other values (`changed`) or with the same (`unchanged`). `…_at` are the positions of the rows met.
    """

    present: ExistingRows
    new: Positions
    own: Positions
    own_at: Positions
    changed: Positions
    changed_at: Positions
    unchanged: Positions
    unchanged_at: Positions
    repeated: int

    @property
    def met(self) -> int:
        """How many rows of the batch met a present one."""
        return len(self.own) + len(self.changed) + len(self.unchanged)

    def is_same_as(self, other: Comparison) -> bool:
        """Whether both say the same of the same rows, at the same places."""
        return (
            np.array_equal(self.new, other.new)
            and np.array_equal(self.own, other.own)
            and np.array_equal(self.changed, other.changed)
            and bool(self.present.places.equals(other.present.places))
        )


def compare_rows(rows: pa.RecordBatch, present: ExistingRows, key: Sequence[str]) -> Comparison:
    """`rows` against `present`, by the columns `key`; all columns that `present` has are compared."""
    ours, theirs = _codes(rows, present, key)
    last = np.full(max(ours.max(initial=0), theirs.max(initial=0)) + 1, -1, np.int64)
    last[ours] = np.arange(len(ours))  # of an index that comes twice the last value stays
    positions = np.unique(last[last >= 0])
    where = np.full(len(last), -1, np.int64)
    where[theirs] = np.arange(len(theirs))
    if present.not_comparable is not None:
        where[theirs[_unknowable(present, key)]] = -1
    at = where[ours[positions]]
    met, met_at = positions[at >= 0], at[at >= 0]
    from_this_load = present.from_this_load[met_at]
    is_same = ~from_this_load & _same(rows, present, met, met_at, key)
    is_changed = ~from_this_load & ~is_same
    return Comparison(
        present=present.without_values(),
        new=positions[at < 0],
        own=met[from_this_load],
        own_at=met_at[from_this_load],
        changed=met[is_changed],
        changed_at=met_at[is_changed],
        unchanged=met[is_same],
        unchanged_at=met_at[is_same],
        repeated=len(ours) - len(positions),
    )


def _codes(rows: pa.RecordBatch, present: ExistingRows, key: Sequence[str]) -> tuple[Positions, Positions]:
    """A small number for each row of both, the same one exactly where the keys are the same."""
    codes = np.zeros(rows.num_rows + len(present), np.int64)
    for name in key:
        both: Any = pa.concat_arrays([rows.column(name), present.columns[name]])
        if pa.types.is_floating(both.type):
            both = pc.add(both, 0.0)  # -0.0 is another text, but the same key
        encoded = both.dictionary_encode(null_encoding="encode")
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy()
        if codes.max(initial=0) > 2 * len(codes):
            codes = np.unique(codes, return_inverse=True)[1]
    return codes[: rows.num_rows], codes[rows.num_rows :]


def _unknowable(present: ExistingRows, key: Sequence[str]) -> Mask:
    """Present rows whose key the contract cannot hold; it reads as null."""
    unknowable = np.zeros(len(present), np.bool_)
    for name in key:
        unknowable |= present.columns[name].is_null().to_numpy(zero_copy_only=False)
    return unknowable


def _same(
    rows: pa.RecordBatch, present: ExistingRows, met: Positions, met_at: Positions, key: Sequence[str]
) -> Mask:
    """Whether each row of `rows` at `met` has the values of the present row at `met_at`."""
    same = np.ones(len(met), np.bool_)
    if present.not_comparable is not None:
        same &= ~present.not_comparable[met_at]
    for name in present.columns.keys() - set(key):
        ours, theirs = _taken(rows.column(name), met), _taken(present.columns[name], met_at)
        if pa.types.is_string(ours.type):
            ours = existing_rows.digest_long_texts(ours)
        equal = pc.equal(ours, theirs).fill_null(False)
        for is_alike in _alike(ours.type):
            equal = pc.or_(equal, pc.and_(is_alike(ours), is_alike(theirs)).fill_null(False))
        same &= equal.to_numpy(zero_copy_only=False)
    return same


def _taken(column: pa.Array[Any], positions: Positions) -> Any:
    """`take`, spared where it would change nothing."""
    if len(positions) == len(column) and np.array_equal(positions, np.arange(len(column))):
        return column
    return column.take(positions)


def _alike(kind: pa.DataType) -> list[Callable[[Any], Any]]:
    """What makes values the same that do not equal each other; to Postgres every NaN is the same."""
    return [pc.is_null, pc.is_nan] if pa.types.is_floating(kind) else [pc.is_null]
