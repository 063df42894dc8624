"""`RowChunk`: consecutive records as columns of text, and the rejects among them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shared.parsing.layout import Layout, Values
from shared.parsing.records import Record
from shared.parsing.rejects import Reject, RowError

_BOM = "\ufeff"

Text: TypeAlias = "pa.ChunkedArray[pa.StringScalar]"


class IrregularRecord(NamedTuple):
    """A record that is unlike the table's: of another width, or the header once more."""

    line: int
    raw: str
    width: int
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Rows of the file.

    `columns` has the text of each loaded column, missing values as null; `lines` the line of each row, and
    `raw` gives the text of the one at a position. `rejects` are the records that were no rows. `size` is in
    bytes, of all of them. `odd` are records that may belong to another table, be they rows or rejects;
    `after_blank` has the lines of records with a blank line before.
    """

    columns: list[Text]
    lines: npt.NDArray[np.int64]
    raw: Callable[[int], str]
    rejects: list[Reject]
    size: int
    odd: list[IrregularRecord]
    after_blank: npt.NDArray[np.int64]

    @property
    def records(self) -> int:
        """Rows and rejects."""
        return len(self.lines) + len(self.rejects)


def chunk_from_records(records: list[Record], layout: Layout) -> RowChunk:
    """What the exact parser read."""
    rows: list[tuple[Record, Values]] = []
    rejects: list[Reject] = []
    odd: list[IrregularRecord] = []
    for record in records:
        row = None if record.fault else layout.dialect.row(record.fields, layout.width)
        is_header = layout.repeats_header(record.raw)
        if row is None or is_header or record.raw.startswith(_BOM):
            rejects.append(_reject(record, layout.width, is_header=is_header))
        else:
            rows.append((record, row))
        if is_header or not (record.fault or layout.dialect.fits(record.fields, layout.width)):
            odd.append(IrregularRecord(record.line, record.raw, len(record.fields), is_header))
    after_blank = [record.line for record in records if record.after_blank]
    return RowChunk(
        columns=[
            pa.chunked_array([pa.array([row[place] for _, row in rows], pa.string())])
            for place, field in enumerate(layout.fields)
            if field is not None
        ],
        lines=np.fromiter((record.line for record, _ in rows), np.int64, len(rows)),
        raw=lambda position: rows[position][0].raw,
        rejects=rejects,
        size=sum(len(record.raw) for record in records),
        odd=odd,
        after_blank=np.array(after_blank, np.int64),
    )


def concat_chunks(stretches: list[RowChunk]) -> RowChunk:
    """`stretches`, at least one, as one."""
    if len(stretches) == 1:
        return stretches[0]
    bounds = [0, *accumulate(len(stretch.lines) for stretch in stretches)]

    def raw(position: int) -> str:
        place = bisect_right(bounds, position) - 1
        return stretches[place].raw(position - bounds[place])

    return RowChunk(
        columns=[
            _in_one_piece(columns) for columns in zip(*(each.columns for each in stretches), strict=True)
        ],
        lines=np.concatenate([stretch.lines for stretch in stretches]),
        raw=raw,
        rejects=[reject for stretch in stretches for reject in stretch.rejects],
        size=sum(stretch.size for stretch in stretches),
        odd=[odd for stretch in stretches for odd in stretch.odd],
        after_blank=np.concatenate([stretch.after_blank for stretch in stretches]),
    )


def move_to_rejects(read: RowChunk, footers: npt.NDArray[np.int64]) -> RowChunk:
    """The stretch with the rows on the lines `footers` among its rejects."""
    is_footer = np.isin(read.lines, footers)
    if not is_footer.any():
        return read
    message = "the row is a footer below the table"
    rejects = [
        Reject(int(read.lines[place]), read.raw(place), (RowError("footer", message),))
        for place in np.flatnonzero(is_footer).tolist()
    ]
    places = np.flatnonzero(~is_footer)
    return replace(
        read,
        columns=[column.filter(pa.array(~is_footer)) for column in read.columns],
        lines=read.lines[~is_footer],
        raw=lambda position: read.raw(int(places[position])),
        rejects=sorted([*read.rejects, *rejects], key=lambda reject: reject.line),
    )


def ragged_reject(line: int, raw: str, found: int, width: int) -> Reject:
    """A record with `found` fields where the header has `width`."""
    message = f"the row has {found} fields, the header has {width}"
    return Reject(line, raw, (RowError("ragged", message),))


def _in_one_piece(parts: tuple[Text, ...]) -> Text:
    chunks = [chunk for part in parts for chunk in part.chunks]
    return pa.chunked_array([pa.concat_arrays(chunks)])


def _reject(record: Record, width: int, *, is_header: bool) -> Reject:
    if record.fault:
        return Reject(record.line, record.raw, (RowError("unreadable", record.fault),))
    if is_header:
        message = "the row is the header once more"
        return Reject(record.line, record.raw, (RowError("repeated_header", message),))
    if record.raw.startswith(_BOM):
        message = "a byte order mark stands inside of the file: files were glued together"
        return Reject(record.line, record.raw, (RowError("glued", message),))
    return ragged_reject(record.line, record.raw, len(record.fields), width)
