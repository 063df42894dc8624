"""Batches: some thousand rows of text columns at a time, their lines, and the ragged rows beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shared.contracts.base import Contract
from shared.reading import header, lines, records
from shared.reading.reject import Reject, RowError

_ROWS = 25_000
"""Records of a batch: enough to spread the cost of a statement, a few megabytes of memory."""

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
        self._records = records.parse(lines.split(_without_bom(self._counted(blocks))))
        self.header = header.match(next(self._records, None), contract)

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Batch]:
        """The batches; raises `FileRefused` where the file turns out to be none."""
        while read := list(islice(self._records, _ROWS)):
            self.rows += len(read)
            yield self._batch(read)

    def _counted(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self._hash.update(block)
            self.size += len(block)
            yield block

    def _batch(self, read: list[records.Record]) -> Batch:
        width = len(self.header.fields)
        rows = [record for record in read if len(record.fields) == width and not record.fault]
        columns = zip(*(record.fields for record in rows), strict=True) if rows else [()] * width
        text = {
            name: pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, pa.string())))
            for name, values in zip(self.header.fields, columns, strict=True)
            if name is not None
        }
        return Batch(
            text=pd.DataFrame(text),
            lines=np.fromiter((record.line for record in rows), np.int64, len(rows)),
            raw=lambda position: rows[position].raw,
            rejects=[
                _reject(record, width) for record in read if record.fault or len(record.fields) != width
            ],
        )


def _reject(record: records.Record, width: int) -> Reject:
    if record.fault:
        return Reject(record.line, record.raw, (RowError("unreadable", f"{record.fault}"),))
    message = f"the row has {len(record.fields)} fields, the header has {width}"
    return Reject(record.line, record.raw, (RowError("ragged", message),))


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """UTF-8's byte order mark, which spreadsheets write, is not part of the first column's name."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(_BOM):
            break
    return chain([start.removeprefix(_BOM)], blocks)
