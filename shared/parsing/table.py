"""Plain records through pyarrow's CSV reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from shared.parsing.dialect import Dialect
from shared.parsing.layout import Layout
from shared.parsing.plain import Plain
from shared.parsing.stretch import Odd, Stretch, ragged
from shared.parsing.suspicion import NO_DELIMITER


class NotPlain(Exception):
    """The record at `place` needs the exact parser: its values are not as many as the columns.

    A record of several lines may then have a quote that was not closed; others may be rows all the same.
    """

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def read(window: bytes, plain: Plain, layout: Layout) -> Stretch | None:
    """The `plain` records of `window`, or `None` should pyarrow count them otherwise than we do.

    Raises `NotPlain` with the place of the first record that is not after all.
    """
    width = layout.width
    written = width + layout.dialect.has_trailing_delimiter
    found: list[tuple[int, int]] = []  # of each ragged record: its place, its number of values

    def note(row: Any) -> str:
        found.append((row.number - 1, row.actual_columns))
        return "skip"

    table = _table(memoryview(window)[: plain.size], layout, written, note)
    if table.num_rows + len(found) != len(plain.starts):
        return None
    is_row = np.ones(len(plain.starts), np.bool_)
    is_row[[place for place, _ in found]] = False
    starts, ends = plain.starts, plain.ends
    for place in _doubtful(table, found, is_row, layout):
        if layout.dialect.pads or b"\n" in window[starts[place] : ends[place]] or written > width:
            raise NotPlain(place)

    def raw(place: int) -> str:
        return window[starts[place] : ends[place]].removesuffix(b"\r").decode()

    places = np.flatnonzero(is_row) if found else None
    numbers = plain.numbers
    return Stretch(
        columns=[table.column(str(place)) for place, field in enumerate(layout.fields) if field is not None],
        lines=numbers[is_row],
        raw=raw if places is None else lambda position: raw(int(places[position])),
        rejects=[ragged(int(numbers[place]), raw(place), count, width) for place, count in found],
        size=plain.size,
        odd=[Odd(int(numbers[place]), raw(place), count) for place, count in found],
        after_blank=np.intersect1d(numbers, plain.blank + 1, assume_unique=True),
    )


def _doubtful(
    table: pa.Table, found: list[tuple[int, int]], is_row: npt.NDArray[np.bool_], layout: Layout
) -> list[int]:
    """Places of records, in order, that may be rows though ragged, or none for their last value."""
    places = [place for place, _ in found]
    if layout.dialect.has_trailing_delimiter:
        is_full = pc.not_equal(table.column(str(layout.width)).fill_null(pa.scalar("")), pa.scalar(""))
        places += np.flatnonzero(is_row)[np.flatnonzero(is_full.to_numpy())].tolist()
    return sorted(places)


def _table(content: memoryview, layout: Layout, written: int, note: Any) -> pa.Table:
    names = [str(place) for place in range(written)]
    loaded = [str(place) for place, field in enumerate(layout.fields) if field is not None]
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False,
            column_names=names,
            block_size=len(content) + 1,  # in one piece, so that a row's number is its place
        ),
        parse_options=_parse_options(layout.dialect, note),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=[*loaded, *names[layout.width :]] or names[:1],  # none would mean all
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )


def _parse_options(dialect: Dialect, note: Any) -> csv.ParseOptions:
    return csv.ParseOptions(
        delimiter=dialect.delimiter or NO_DELIMITER,
        quote_char=dialect.quote or False,
        newlines_in_values=True,
        invalid_row_handler=note,
    )
