"""Places: a set of rows of a table by where they lie, at a bit for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

Numbers = npt.NDArray[np.int64]

_PAGES = 64
"""Pages whose rows share one piece of the set; a multiple of 8, so that a piece is whole bytes."""


class Places:
    """A set of places, that is of pairs of `tableoid` and `ctid`."""

    def __init__(self, rows_of_a_page: int) -> None:
        """No page has as many rows as `rows_of_a_page`."""
        self._rows = rows_of_a_page
        self._piece = rows_of_a_page * _PAGES
        self._pieces: dict[tuple[int, int], npt.NDArray[np.uint8]] = {}

    def add(self, parts: Numbers, places: pa.StringArray) -> int:
        """Add places, all different; returns how many of them were in the set already."""
        present = 0
        for bits, numbers in self._split(parts, places):
            before = int(np.bitwise_count(bits).sum())
            np.bitwise_or.at(bits, numbers >> 3, np.uint8(1) << (numbers & 7).astype(np.uint8))
            present += len(numbers) - (int(np.bitwise_count(bits).sum()) - before)
        return present

    def remove(self, parts: Numbers, places: pa.StringArray) -> int:
        """Remove places, all different; returns how many of them were in the set."""
        absent = len(places) - self.add(parts, places)
        for bits, numbers in self._split(parts, places):
            np.bitwise_xor.at(bits, numbers >> 3, np.uint8(1) << (numbers & 7).astype(np.uint8))
        return len(places) - absent

    def has_any(self, parts: Numbers, places: pa.StringArray) -> bool:
        """Whether any of these places is in the set."""
        return any(
            (bits[numbers >> 3] & (np.uint8(1) << (numbers & 7).astype(np.uint8))).any()
            for bits, numbers in self._split(parts, places)
        )

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """The places piece by piece: a `tableoid` and some `ctid`s of it."""
        for (part, piece), bits in self._pieces.items():
            numbers = np.flatnonzero(np.unpackbits(bits, bitorder="little")) + piece * self._piece
            pages, rows = np.divmod(numbers, self._rows)
            if len(numbers):
                yield (
                    part,
                    [f"({page},{row})" for page, row in zip(pages.tolist(), rows.tolist(), strict=True)],
                )

    def _split(
        self, parts: Numbers, places: pa.StringArray
    ) -> Iterator[tuple[npt.NDArray[np.uint8], Numbers]]:
        """The pieces that have `places`, each with their numbers in it."""
        if not len(places):
            return
        pieces, numbers = np.divmod(_numbers(places, self._rows), self._piece)
        order = np.lexsort((pieces, parts))
        parts, pieces, numbers = parts[order], pieces[order], numbers[order]
        is_first = np.append(True, (np.diff(parts) != 0) | (np.diff(pieces) != 0))
        starts = np.flatnonzero(is_first)
        for start, stop in zip(starts, np.append(starts[1:], len(numbers)), strict=True):
            name = (int(parts[start]), int(pieces[start]))
            bits = self._pieces.setdefault(name, np.zeros(self._piece // 8, np.uint8))
            yield bits, numbers[start:stop]


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
