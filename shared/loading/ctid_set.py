"""A memory-saving set of row positions (`tableoid`, `ctid`), and their text forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

Int64s = npt.NDArray[np.int64]
Uint32s = npt.NDArray[np.uint32]

_PAGES_PER_SEGMENT = 4096
"""32 MB of a table."""

_BITS_PER_NUMBER = 32


class CtidSet:
    """A set of pairs of `tableoid` and `ctid`, in segments of a table's pages.

    A row is numbered by its page and its position in the page. A segment with few rows is stored as their
    sorted numbers, any other as one bit for each possible row.
    """

    def __init__(self, max_rows_per_page: int) -> None:
        self._max_rows_per_page = max_rows_per_page
        self._segment_size = max_rows_per_page * _PAGES_PER_SEGMENT
        self._segments: dict[tuple[int, int], bytes | Uint32s] = {}
        """By `tableoid` and number of the segment."""

    def add(self, tableoids: Int64s, ctids: pa.StringArray) -> int:
        """Add distinct rows; returns how many of them were in the set already."""
        already_in_set = 0
        for segment, numbers in self._split(tableoids, ctids):
            before = self._load(segment)
            merged = np.union1d(before, numbers).astype(np.uint32)
            already_in_set += len(before) + len(numbers) - len(merged)
            self._store(segment, merged)
        return already_in_set

    def remove(self, tableoids: Int64s, ctids: pa.StringArray) -> int:
        """Remove distinct rows; returns how many of them were in the set."""
        removed = 0
        for segment, numbers in self._split(tableoids, ctids):
            before = self._load(segment)
            left = np.setdiff1d(before, numbers, assume_unique=True)
            removed += len(before) - len(left)
            self._store(segment, left)
        return removed

    def has_any(self, tableoids: Int64s, ctids: pa.StringArray) -> bool:
        """Whether any of these distinct rows is in the set."""
        return bool(self._segments) and any(
            np.isin(numbers, self._load(segment), assume_unique=True).any()
            for segment, numbers in self._split(tableoids, ctids)
        )

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """A `tableoid` and some of its `ctid`s, for each segment."""
        for tableoid, segment in self._segments:
            numbers = self._load((tableoid, segment)).astype(np.int64) + segment * self._segment_size
            pages, rows = np.divmod(numbers, self._max_rows_per_page)
            if len(numbers):
                pairs = zip(pages.tolist(), rows.tolist(), strict=True)
                yield tableoid, [f"({page},{row})" for page, row in pairs]

    def _load(self, segment: tuple[int, int]) -> Uint32s:
        """The sorted numbers of the rows of a segment."""
        stored = self._segments.get(segment)
        if isinstance(stored, bytes):
            bits = np.unpackbits(np.frombuffer(stored, np.uint8))
            return np.flatnonzero(bits).astype(np.uint32)
        return np.empty(0, np.uint32) if stored is None else stored

    def _store(self, segment: tuple[int, int], numbers: Uint32s) -> None:
        if len(numbers) * _BITS_PER_NUMBER < self._segment_size:
            self._segments[segment] = numbers
            return
        bits = np.zeros(self._segment_size, np.bool_)
        bits[numbers] = True
        self._segments[segment] = np.packbits(bits).tobytes()

    def _split(self, tableoids: Int64s, ctids: pa.StringArray) -> Iterator[tuple[tuple[int, int], Uint32s]]:
        """The segments that these rows are in, each with the numbers of its rows."""
        if not len(ctids):
            return
        segments, numbers = np.divmod(_row_numbers(ctids, self._max_rows_per_page), self._segment_size)
        order = np.lexsort((segments, tableoids))
        tableoids, segments, numbers = tableoids[order], segments[order], numbers[order]
        is_first = np.append(True, (np.diff(tableoids) != 0) | (np.diff(segments) != 0))
        starts = np.flatnonzero(is_first)
        for start, stop in zip(starts, np.append(starts[1:], len(numbers)), strict=True):
            yield (int(tableoids[start]), int(segments[start])), numbers[start:stop].astype(np.uint32)


def ctid_array(ctids: pa.StringArray) -> str:
    """`ctids`, at least one, as the text of a Postgres array."""
    return '{"' + _join(ctids, '","') + '"}'


def _row_numbers(ctids: pa.StringArray, max_rows_per_page: int) -> Int64s:
    """Each `(page,row)` as one number."""
    content = _join(ctids, "").replace(")(", "\n")[1:-1].encode()
    table = csv.read_csv(
        pa.BufferReader(content),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False, column_names=["page", "row"], block_size=len(content) + 1
        ),
        convert_options=csv.ConvertOptions(column_types={"page": pa.int64(), "row": pa.int64()}),
    )
    pages, rows = table.column("page").to_numpy(), table.column("row").to_numpy()
    numbers: Int64s = pages * max_rows_per_page + rows
    return numbers


def _join(texts: pa.StringArray, separator: str) -> str:
    joined: Any = pc.binary_join(pa.ListArray.from_arrays([0, len(texts)], texts), separator)
    return str(joined[0].as_py())
