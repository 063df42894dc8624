"""The tail: the last rows of a file, held back until it is known which of them are its footer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import pyarrow as pa

from shared.parsing.batches import Batch
from shared.parsing.records import Record
from shared.validation import arrow

LENGTH = 5
"""Rows that may be a footer; more are a table of their own."""

Texts = Mapping[str, pa.StringArray]
"""For each column its texts, missing ones as null."""


class Tail:
    """Lets the rows of a file pass, but for the last ones."""

    def __init__(self) -> None:
        self._held: list[tuple[Texts, list[Record]]] = []

    def pass_on(self, batch: Batch) -> Iterator[Texts]:
        """The rows that are surely none of the last, when `batch` comes."""
        texts: Texts = {str(name): arrow.texts(batch.text[name]) for name in batch.text.columns}
        rows = len(batch.lines)
        if rows > LENGTH:
            yield from (held for held, _ in self._held)
            self._held = []
            yield _sliced(texts, 0, rows - LENGTH)
            texts = _sliced(texts, rows - LENGTH, LENGTH)
        if rows:
            self._held.append((texts, _records(batch, texts, max(rows - LENGTH, 0))))
        while len(self.records()) - len(self._held[0][1] if self._held else ()) >= LENGTH:
            yield self._held.pop(0)[0]

    def records(self) -> list[Record]:
        """Those held back."""
        return [record for _, records in self._held for record in records]

    def without(self, lines: Collection[int]) -> Iterator[Texts]:
        """The rows held back, but for those on `lines`."""
        for texts, records in self._held:
            kept = pa.array(np.array([record.line not in lines for record in records], np.bool_))
            yield {name: column.filter(kept) for name, column in texts.items()}


def _sliced(texts: Texts, at: int, count: int) -> Texts:
    return {name: column.slice(at, count) for name, column in texts.items()}


def _records(batch: Batch, texts: Texts, first: int) -> list[Record]:
    """The last rows of `batch`, from the one at `first`, of which `texts` has the values."""
    values = [column.to_pylist() for column in texts.values()]
    return [
        Record(int(line), batch.raw(first + place), [column[place] for column in values])
        for place, line in enumerate(batch.lines[first:].tolist())
    ]
