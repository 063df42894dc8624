"""Batches: some thousand rows of text columns at a time, their lines, and the ragged rows beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.reading import header, records, stretch, walk
from shared.reading.lines import Lines
from shared.reading.reject import Reject
from shared.reading.stretch import Stretch

_RECORDS = 50_000
_SIZE = 2 * 1024 * 1024
"""Records, or bytes, that make a batch; the last stretch of one may have as much again, or a bit more."""
_FIRST_SIZE = 512 * 1024
"""Bytes that make the first batch; a later one takes no more than all before it, so that they grow."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of the file in its order.

    `text` has a column of `string[pyarrow]` for each field of the contract that the file has, missing values
    as NA, and a row for each record of the right width; `lines` has the line number of each, and `raw` gives
    the text of the one at a position. `rejects` are the records that were no rows.
    """

    text: pd.DataFrame
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]


class Reading:
    """One pass over a file: iterate over it for its batches, then ask what was read."""

    def __init__(self, blocks: Iterable[bytes], contract: type[Contract]) -> None:
        """`blocks` are the file's bytes; the header is read here. Raises `FileRefused`."""
        self._hash = hashlib.sha256()
        self.size = 0
        self.rows = 0
        self.consumed = 0
        self._lines = Lines(_without_bom(map(self._counted, blocks)))
        self.header = header.match(next(records.parse(self._lines), None), contract)
        self._exact = records.parse(self._lines, len(self.header.fields))

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Batch]:
        """The batches; raises `FileRefused`, after the rows before, where the file turns out to be none."""
        waiting: list[Stretch] = []
        try:
            for read in walk.stretches(self._lines, self._exact, self.header.fields):
                waiting.append(read)
                del read  # not to be kept while the next one is read
                if self._is_enough(waiting):
                    yield self._batch(waiting)
                    waiting = []
        except FileRefused:
            if waiting:
                yield self._batch(waiting)
            raise
        if waiting:
            yield self._batch(waiting)

    def _is_enough(self, waiting: list[Stretch]) -> bool:
        size = min(_SIZE, max(_FIRST_SIZE, self.consumed))
        return sum(read.records for read in waiting) >= _RECORDS or sum(read.size for read in waiting) >= size

    def _counted(self, block: bytes) -> bytes:
        self._hash.update(block)
        self.size += len(block)
        return block

    def _batch(self, waiting: list[Stretch]) -> Batch:
        joined = stretch.join(waiting)
        self.rows += joined.records
        self.consumed += joined.size
        loaded = [name for name in self.header.fields if name is not None]
        text = {
            name: pd.Series(pd.arrays.ArrowExtensionArray(column))
            for name, column in zip(loaded, joined.columns, strict=True)
        }
        return Batch(pd.DataFrame(text), joined.lines, joined.raw, joined.rejects)


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-8's byte order mark, which spreadsheets write, is not part of the first column's name."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(_BOM):
            break
    return chain([start.removeprefix(_BOM)], blocks)
