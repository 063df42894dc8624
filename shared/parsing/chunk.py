"""`RowChunk`: consecutive records of a file as Arrow columns of text, with line numbers and rejects."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shared.parsing.exact_parser import Record, irregular_reject
from shared.parsing.layout import BOM, Layout, Values
from shared.parsing.rejects import Reject, row_reject

TextColumn: TypeAlias = "pa.ChunkedArray[pa.StringScalar]"


class IrregularRecord(NamedTuple):
    """A record that differs from the rows of the table: it has another width, or it repeats the header."""

    line: int
    raw: str
    width: int
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Consecutive records of the file.

    `columns` has the text of each loaded column, missing values as null. `lines` has the line number of each
    row, and `raw` returns the text of the row at a position. `rejects` are the records that are not rows.
    `size` is the size of all records in bytes. `irregular` are records that may belong to another table; each
    of them is also a row or a reject. `after_blank` has the lines of records that follow a blank line.
    """

    columns: list[TextColumn]
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]
    size: int
    irregular: list[IrregularRecord]
    after_blank: npt.NDArray[np.int64]

    @property
    def records(self) -> int:
        """The number of rows and rejects."""
        return len(self.lines) + len(self.rejects)


def chunk_from_records(records: list[Record], layout: Layout) -> RowChunk:
    """Return the chunk of `records`, which the exact parser read."""
    rows: list[tuple[Record, Values]] = []
    rejects: list[Reject] = []
    irregular: list[IrregularRecord] = []
    for record in records:
        row = None if record.fault else layout.dialect.row(record.fields, layout.width)
        is_header = layout.repeats_header(record.raw)
        if row is None or is_header or record.raw.startswith(BOM):
            rejects.append(irregular_reject(record, layout.width, is_header=is_header))
        else:
            rows.append((record, row))
        if is_header or not (record.fault or layout.dialect.fits(record.fields, layout.width)):
            irregular.append(IrregularRecord(record.line, record.raw, len(record.fields), is_header))
    after_blank = [record.line for record in records if record.after_blank]
    return RowChunk(
        columns=[
            pa.chunked_array([pa.array([row[index] for _, row in rows], pa.string())])
            for index, field in enumerate(layout.fields)
            if field is not None
        ],
        lines=np.fromiter((record.line for record, _ in rows), np.int64, len(rows)),
        raw=lambda position: rows[position][0].raw,
        rejects=rejects,
        size=sum(len(record.raw) for record in records),
        irregular=irregular,
        after_blank=np.array(after_blank, np.int64),
    )


def concat_chunks(chunks: list[RowChunk]) -> RowChunk:
    """Concatenate one or more chunks."""
    if len(chunks) == 1:
        return chunks[0]
    bounds = [0, *accumulate(len(chunk.lines) for chunk in chunks)]

    def raw(position: int) -> str:
        index = bisect_right(bounds, position) - 1
        return chunks[index].raw(position - bounds[index])

    return RowChunk(
        columns=[_contiguous(columns) for columns in zip(*(chunk.columns for chunk in chunks), strict=True)],
        lines=np.concatenate([chunk.lines for chunk in chunks]),
        raw=raw,
        rejects=[reject for chunk in chunks for reject in chunk.rejects],
        size=sum(chunk.size for chunk in chunks),
        irregular=[record for chunk in chunks for record in chunk.irregular],
        after_blank=np.concatenate([chunk.after_blank for chunk in chunks]),
    )


def move_to_rejects(chunk: RowChunk, footers: npt.NDArray[np.int64]) -> RowChunk:
    """Return the chunk with the rows on the lines `footers` as rejects."""
    is_footer = np.isin(chunk.lines, footers)
    if not is_footer.any():
        return chunk
    rejects = [
        row_reject("footer", int(chunk.lines[position]), chunk.raw(position))
        for position in np.flatnonzero(is_footer).tolist()
    ]
    positions = np.flatnonzero(~is_footer)
    return replace(
        chunk,
        columns=[column.filter(pa.array(~is_footer)) for column in chunk.columns],
        lines=chunk.lines[~is_footer],
        raw=lambda position: chunk.raw(int(positions[position])),
        rejects=sorted([*chunk.rejects, *rejects], key=lambda reject: reject.line),
    )


def _contiguous(columns: tuple[TextColumn, ...]) -> TextColumn:
    """The concatenated `columns` in a single array."""
    arrays = [array for column in columns for array in column.chunks]
    return pa.chunked_array([pa.concat_arrays(arrays)])
