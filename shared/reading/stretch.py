"""A stretch of the file: some of its records as columns of text, and those that were no rows beside them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shared.reading.records import Record
from shared.reading.reject import Reject, RowError

Text: TypeAlias = "pa.ChunkedArray[pa.StringScalar]"

Fields = Sequence[str | None]
"""For each column of the file the contract's field, or `None` where it is not loaded."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of the file.

    `columns` has the text of each loaded column, missing values as null; `lines` the line of each row, and
    `raw` gives the text of the one at a position. `rejects` are the records that were no rows. `size` is in
    bytes, of all of them.
    """

    columns: list[Text]
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]
    size: int

    @property
    def records(self) -> int:
        """Rows and rejects."""
        return len(self.lines) + len(self.rejects)


def of_records(records: list[Record], fields: Fields) -> Stretch:
    """What the exact parser read."""
    width = len(fields)
    rows = [record for record in records if len(record.fields) == width and not record.fault]
    return Stretch(
        columns=[
            pa.chunked_array([pa.array([record.fields[place] for record in rows], pa.string())])
            for place, field in enumerate(fields)
            if field is not None
        ],
        lines=np.fromiter((record.line for record in rows), np.int64, len(rows)),
        raw=lambda position: rows[position].raw,
        rejects=[_reject(record, width) for record in records if record.fault or len(record.fields) != width],
        size=sum(len(record.raw) for record in records),
    )


def join(stretches: list[Stretch]) -> Stretch:
    """`stretches`, at least one, as one."""
    if len(stretches) == 1:
        return stretches[0]
    bounds = [0, *accumulate(len(stretch.lines) for stretch in stretches)]

    def raw(position: int) -> str:
        place = bisect_right(bounds, position) - 1
        return stretches[place].raw(position - bounds[place])

    return Stretch(
        columns=[
            _in_one_piece(columns) for columns in zip(*(each.columns for each in stretches), strict=True)
        ],
        lines=np.concatenate([stretch.lines for stretch in stretches]),
        raw=raw,
        rejects=[reject for stretch in stretches for reject in stretch.rejects],
        size=sum(stretch.size for stretch in stretches),
    )


def ragged(line: int, raw: str, found: int, width: int) -> Reject:
    """A record with `found` fields where the header has `width`."""
    message = f"the row has {found} fields, the header has {width}"
    return Reject(line, raw, (RowError("ragged", message),))


def _in_one_piece(parts: tuple[Text, ...]) -> Text:
    chunks = [chunk for part in parts for chunk in part.chunks]
    return pa.chunked_array([pa.concat_arrays(chunks)])


def _reject(record: Record, width: int) -> Reject:
    if record.fault:
        return Reject(record.line, record.raw, (RowError("unreadable", record.fault),))
    return ragged(record.line, record.raw, len(record.fields), width)
