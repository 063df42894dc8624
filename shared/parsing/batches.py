"""Batches: some thousand rows of text columns at a time, their lines, and the ragged rows beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.parsing import finding, records, stretch, top, walk
from shared.parsing.breaks import Breaks
from shared.parsing.columns import Columns
from shared.parsing.lines import Lines
from shared.parsing.reject import Reject
from shared.parsing.source import Source
from shared.parsing.stretch import Stretch

_RECORDS = 50_000
_SIZE = 2 * 1024 * 1024
"""Records, or bytes, that make a batch; the last stretch of one may have as much again, or a bit more."""
_FIRST_SIZE = 512 * 1024
"""Bytes that make the first batch; a later one takes no more than all before it, so that they grow."""

_NOTHING = Overrides()


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

    def __init__(
        self,
        blocks: Iterable[bytes],
        columns: Columns,
        told: Overrides = _NOTHING,
        *,
        format: Format | None = None,  # noqa: A002
        footers: Collection[int] = (),
    ) -> None:
        """`blocks` are the file's bytes, `told` is not detected; the header is read here.

        A second pass over the file takes the `format` that the first one found. Records on the lines
        `footers` are rejects. Raises `FileRefused`.
        """
        self._hash = hashlib.sha256()
        self.size = 0
        self.rows = 0
        self.consumed = 0
        self._footers = np.array(sorted(footers), np.int64)
        self._source = Source(map(self._counted, blocks), told, finding.way(columns, format))
        self._lines = Lines(self._source)
        self.header, self._layout = top.read(self._lines, self._source.format, columns)
        self._exact = records.parse(self._lines, self._layout.width, self._layout.dialect)
        self._breaks = Breaks(self._layout)

    @property
    def breaks(self) -> Collection[int]:
        """Lines on which other tables began so far; if any, the file is refused at its end."""
        return self._breaks.lines

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def format(self) -> Format:
        """How the file is read, with what was seen of it so far."""
        return self._source.format

    def most_bytes_left(self, file_size: int) -> int | None:
        """Bytes of text that a file of `file_size` can still have, for each value one at least.

        `None` where its size does not tell.
        """
        is_told = self._source.is_as_stored and not self._layout.dialect.pads
        return file_size - self.consumed if is_told else None

    def __iter__(self) -> Iterator[Batch]:
        """The batches; raises `FileRefused`, after the rows before, where the file turns out to be none.

        Where it has several tables, that is at its end, so that all are known.
        """
        waiting: list[Stretch] = []
        try:
            for read in walk.stretches(self._lines, self._exact, self._layout):
                self._breaks.look(read)
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
        self._breaks.require_none()

    def _is_enough(self, waiting: list[Stretch]) -> bool:
        size = min(_SIZE, max(_FIRST_SIZE, self.consumed))
        return sum(read.records for read in waiting) >= _RECORDS or sum(read.size for read in waiting) >= size

    def _counted(self, block: bytes) -> bytes:
        self._hash.update(block)
        self.size += len(block)
        return block

    def _batch(self, waiting: list[Stretch]) -> Batch:
        joined = stretch.without(stretch.join(waiting), self._footers)
        self.rows += joined.records
        self.consumed += joined.size
        loaded = [name for name in self.header.fields if name is not None]
        text = {
            name: pd.Series(pd.arrays.ArrowExtensionArray(column))
            for name, column in zip(loaded, joined.columns, strict=True)
        }
        return Batch(pd.DataFrame(text), joined.lines, joined.raw, joined.rejects)
