"""Inference: one pass over the batches of a file, then what its columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.inference import cells
from shared.inference.cells import Cells
from shared.inference.column import Column
from shared.inference.kinds import TEXT, Kind

_WIDE = 300
"""Columns whose rows may be too wide for a page."""

_FIRST = 256
"""Texts of a column that are looked at before any other: most text shows there."""


class Inference:
    """Takes the batches of a file one by one and keeps nothing of them but types, counts and examples."""

    def __init__(self, names: Iterable[str], headers: Mapping[str, str] | None = None) -> None:
        """`names` are the columns; `headers` has the file's own name of those where it is another.

        `most_filled` are the most values that a row has.
        """
        self._headers = headers or {}
        self._columns = {name: _Finding() for name in names}
        self.most_filled = 0

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Take a batch: for each column its texts, missing ones as null."""
        for name, finding in self._columns.items():
            finding.add(texts[name])
        self.most_filled = max(self.most_filled, self._filled(texts))

    def _filled(self, texts: Mapping[str, pa.StringArray]) -> int:
        """The most values that a row of the batch has; not counted where all surely fit into a page."""
        if len(self._columns) < _WIDE:
            return len(self._columns)
        filled = np.zeros(max(map(len, texts.values())), np.int32)
        for name in self._columns:
            filled += texts[name].is_valid().to_numpy(zero_copy_only=False)
        return int(filled.max(initial=0))

    def columns(self) -> tuple[Column, ...]:
        """What was found in all batches so far."""
        return tuple(finding.column(name, self._headers.get(name)) for name, finding in self._columns.items())


class _Finding:
    """What was found in one column so far."""

    def __init__(self) -> None:
        self._cells = Cells()
        self._spelled: Counter[str] = Counter()
        self._rows = self._missing = self._longest = self._longest_bytes = 0

    def add(self, texts: pa.StringArray) -> None:
        self._rows += len(texts)
        self._missing += texts.null_count
        self._measure(texts)
        if self._cells.type == TEXT:
            return
        present = texts.drop_null() if texts.null_count else texts
        if not len(present):
            return
        if self._cells.type.kind is Kind.NOTHING and len(present) > _FIRST:
            self._meet(cells.read(present.slice(0, _FIRST), Kind.NOTHING), count=False)
            if self._cells.type == TEXT:
                return
        self._meet(cells.read(present, self._cells.type.kind), count=True)

    def _measure(self, texts: pa.StringArray) -> None:
        # A text has no more characters than bytes, and those are known without reading it.
        most: Any = pc.max(pc.binary_length(texts)).as_py()
        self._longest_bytes = max(self._longest_bytes, most or 0)
        if most is not None and most > self._longest:
            self._longest = max(self._longest, pc.max(pc.utf8_length(texts)).as_py())

    def _meet(self, found: Cells, *, count: bool) -> None:
        before = self._cells.type
        if found.example is not None:
            self._cells.meet(found.type, found.form, found.example)
        if self._cells.type == TEXT != before and found.because is not None:
            self._cells.because = found.because
        if count:
            self._spelled.update(found.spelled)

    def column(self, name: str, header: str | None) -> Column:
        found = self._cells
        spelled = tuple(sorted(self._spelled.items())) if found.type != TEXT else ()
        return Column(
            name,
            header,
            found.type,
            found.form if found.type != TEXT else Column(name).form,
            self._rows,
            self._missing,
            spelled,
            self._longest,
            self._longest_bytes,
            found.because,
        )
