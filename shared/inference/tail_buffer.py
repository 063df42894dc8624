"""Holds back the last rows of a file, which may be a footer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pyarrow as pa

from shared.parsing.reader import Batch
from shared.parsing.records import Record
from shared.validation import arrow_types

MAX_FOOTER_ROWS = 5
"""Rows that can be a footer; more rows are a table of their own."""

Texts = Mapping[str, pa.StringArray]
"""The texts of each column, missing ones as null."""


class TailBuffer:
    """Passes on the rows of a file, except the last `MAX_FOOTER_ROWS`."""

    def __init__(self) -> None:
        self._held: list[tuple[Texts, list[Record]]] = []

    def push(self, batch: Batch) -> Iterator[Texts]:
        """Add the rows of `batch`; yields rows that cannot be among the last."""
        texts: Texts = {str(name): arrow_types.text_array(batch.text[name]) for name in batch.text.columns}
        rows = len(batch.lines)
        if rows > MAX_FOOTER_ROWS:
            yield from (held for held, _ in self._held)
            self._held = []
            yield _slice(texts, 0, rows - MAX_FOOTER_ROWS)
            texts = _slice(texts, rows - MAX_FOOTER_ROWS, MAX_FOOTER_ROWS)
        if rows:
            self._held.append((texts, _records(batch, texts, max(rows - MAX_FOOTER_ROWS, 0))))
        while len(self.records()) - len(self._held[0][1] if self._held else ()) >= MAX_FOOTER_ROWS:
            yield self._held.pop(0)[0]

    def records(self) -> list[Record]:
        """The rows held back."""
        return [record for _, records in self._held for record in records]

    def without(self, lines: Collection[int]) -> Iterator[Texts]:
        """The rows held back, except those on `lines`."""
        for texts, records in self._held:
            mask = pa.array(np.array([record.line not in lines for record in records], np.bool_))
            yield {name: column.filter(mask) for name, column in texts.items()}


def _slice(texts: Texts, start: int, count: int) -> Texts:
    return {name: column.slice(start, count) for name, column in texts.items()}


def _records(batch: Batch, texts: Texts, first: int) -> list[Record]:
    """The rows of `batch` from position `first`; `texts` has their values."""
    values = [column.to_pylist() for column in texts.values()]
    return [
        Record(int(line), batch.raw(first + position), [column[position] for column in values])
        for position, line in enumerate(batch.lines[first:].tolist())
    ]
