"""A set of row positions (`tableoid`, `ctid`), one bit per row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

Numbers = npt.NDArray[np.int64]
_PAGES = 4096
"""Pages whose rows share a piece: 32 MB of a table."""

_FEW = 32
"""A piece of numbers has fewer than a 32nd of its rows, since a number takes as much as 32 bits."""


class CtidSet:
    """A set of places, that is of pairs of `tableoid` and `ctid`."""

    def __init__(self, rows_of_a_page: int) -> None:
        """No page has as many rows as `rows_of_a_page`."""
        self._rows = rows_of_a_page
        self._size = rows_of_a_page * _PAGES
        self._pieces: dict[tuple[int, int], bytes | npt.NDArray[np.uint32]] = {}
        """Of each, the numbers of its rows in order while they are few, else a bit for every row."""

    def add(self, parts: Numbers, places: pa.StringArray) -> int:
        """Add places, all different; returns how many of them were in the set already."""
        present = 0
        for name, numbers in self._split(parts, places):
            held = self._numbers(name)
            merged = np.union1d(held, numbers).astype(np.uint32)
            present += len(held) + len(numbers) - len(merged)
            self._keep(name, merged)
        return present

    def remove(self, parts: Numbers, places: pa.StringArray) -> int:
        """Remove places, all different; returns how many of them were in the set."""
        present = 0
        for name, numbers in self._split(parts, places):
            held = self._numbers(name)
            left = np.setdiff1d(held, numbers, assume_unique=True)
            present += len(held) - len(left)
            self._keep(name, left)
        return present

    def has_any(self, parts: Numbers, places: pa.StringArray) -> bool:
        """Whether any of these places is in the set."""
        return bool(self._pieces) and any(
            np.isin(numbers, self._numbers(name), assume_unique=True).any()
            for name, numbers in self._split(parts, places)
        )

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The places piece by piece: a `tableoid` and some `ctid`s of it."""
        for part, piece in self._pieces:
            numbers = self._numbers((part, piece)).astype(np.int64) + piece * self._size
            pages, rows = np.divmod(numbers, self._rows)
            if len(numbers):
                yield (
                    part,
                    [f"({page},{row})" for page, row in zip(pages.tolist(), rows.tolist(), strict=True)],
                )

    def _numbers(self, name: tuple[int, int]) -> npt.NDArray[np.uint32]:
        """The rows of a piece, in order."""
        held = self._pieces.get(name)
        if isinstance(held, bytes):
            bits = np.unpackbits(np.frombuffer(held, np.uint8))
            return np.flatnonzero(bits).astype(np.uint32)
        return np.empty(0, np.uint32) if held is None else held

    def _keep(self, name: tuple[int, int], numbers: npt.NDArray[np.uint32]) -> None:
        if len(numbers) * _FEW < self._size:
            self._pieces[name] = numbers
            return
        bits = np.zeros(self._size, np.bool_)
        bits[numbers] = True
        self._pieces[name] = np.packbits(bits).tobytes()

    def _split(
        self, parts: Numbers, places: pa.StringArray
    ) -> Iterator[tuple[tuple[int, int], npt.NDArray[np.uint32]]]:
        """The pieces that have `places`, each with their numbers in it."""
        if not len(places):
            return
        pieces, numbers = np.divmod(_numbers(places, self._rows), self._size)
        order = np.lexsort((pieces, parts))
        parts, pieces, numbers = parts[order], pieces[order], numbers[order]
        is_first = np.append(True, (np.diff(parts) != 0) | (np.diff(pieces) != 0))
        starts = np.flatnonzero(is_first)
        for start, stop in zip(starts, np.append(starts[1:], len(numbers)), strict=True):
            yield (int(parts[start]), int(pieces[start])), numbers[start:stop].astype(np.uint32)


def _numbers(places: pa.StringArray, rows_of_a_page: int) -> Numbers:
    """`(page,row)` as one number."""
    joined: Any = pc.binary_join(pa.ListArray.from_arrays([0, len(places)], places), "")
    content = joined[0].as_py().replace(")(", "\n")[1:-1].encode()
    table = csv.read_csv(
        pa.BufferReader(content),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False, column_names=["page", "row"], block_size=len(content) + 1
        ),
        convert_options=csv.ConvertOptions(column_types={"page": pa.int64(), "row": pa.int64()}),
    )
    pages, rows = table.column("page").to_numpy(), table.column("row").to_numpy()
    numbers: Numbers = pages * rows_of_a_page + rows
    return numbers
