"""Plain records through pyarrow's CSV reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from shared.reading.plain import Plain
from shared.reading.stretch import Fields, Stretch, ragged


class RanOn(Exception):
    """A record of several lines has too many or too few fields, so a quote of it may not have been closed."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place


def read(window: bytes, plain: Plain, fields: Fields) -> Stretch | None:
    """The `plain` records of `window`, or `None` should pyarrow count them otherwise than we do.

    Raises `RanOn` with the place of a record that is not plain after all.
    """
    width = len(fields)
    found: list[tuple[int, int]] = []  # of each ragged record: its place, its number of fields

    def note(row: Any) -> str:
        found.append((row.number - 1, row.actual_columns))
        return "skip"

    table = _table(memoryview(window)[: plain.size], fields, note)
    if table.num_rows + len(found) != len(plain.starts):
        return None
    is_row = np.ones(len(plain.starts), np.bool_)
    is_row[[place for place, _ in found]] = False
    starts, ends = plain.starts, plain.ends
    for place, _ in found:
        if b"\n" in window[starts[place] : ends[place]]:
            raise RanOn(place)

    def raw(place: int) -> str:
        return window[starts[place] : ends[place]].removesuffix(b"\r").decode()

    places = np.flatnonzero(is_row) if found else None
    return Stretch(
        columns=[table.column(str(place)) for place, field in enumerate(fields) if field is not None],
        lines=plain.numbers[is_row],
        raw=raw if places is None else lambda position: raw(int(places[position])),
        rejects=[ragged(int(plain.numbers[place]), raw(place), count, width) for place, count in found],
        size=plain.size,
    )


def _table(content: memoryview, fields: Fields, note: Any) -> pa.Table:
    names = [str(place) for place in range(len(fields))]
    loaded = [str(place) for place, field in enumerate(fields) if field is not None]
    return csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False,
            column_names=names,
            block_size=len(content) + 1,  # in one piece, so that a row's number is its place
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=loaded or names[:1],  # none would mean all
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        ),
    )
