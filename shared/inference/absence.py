"""Absence: rows of a file that have no key, counted while it is not known yet what its null spellings are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.inference.cells import NULLS
from shared.inference.kinds import TEXT, Type

_MISSING, _SPELLED = 1, 2


class Absence:
    """Counts the rows by what each column of the key has: nothing, a null spelling, or a value."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = tuple(key)
        self._rows: Counter[tuple[int, ...]] = Counter()

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Take a batch."""
        found = [_kinds(texts[name]) for name in self._key]
        if any(kinds.any() for kinds in found):
            patterns, counts = np.unique(np.stack(found, axis=1), axis=0, return_counts=True)
            for pattern, count in zip(patterns.tolist(), counts.tolist(), strict=True):
                self._rows[tuple(pattern)] += count

    def count(self, types: Mapping[str, Type]) -> int:
        """The rows without a key, where its columns have these types: in text, a null spelling is a value."""
        worst = [_MISSING if types[name] == TEXT else _SPELLED for name in self._key]
        return sum(
            rows
            for pattern, rows in self._rows.items()
            if any(0 < kind <= most for kind, most in zip(pattern, worst, strict=True))
        )


def _kinds(texts: pa.StringArray) -> Any:
    spelled: Any = pc.is_in(texts, value_set=pa.array(NULLS))
    kinds = np.where(spelled.to_numpy(zero_copy_only=False), _SPELLED, 0)
    kinds[texts.is_null().to_numpy(zero_copy_only=False)] = _MISSING
    return kinds.astype(np.int8)
