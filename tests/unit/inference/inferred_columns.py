"""Strategies for columns of texts, and the profiles that inference gives them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
from hypothesis import strategies as st

from shared.inference.infer_column import ColumnInference
from shared.inference.table_columns import ColumnProfile

Texts = Sequence[str | None]


def infer(*batches: dict[str, Texts]) -> dict[str, ColumnProfile]:
    """The column profiles of a file that is read in these batches."""
    inference = ColumnInference(batches[0])
    for batch in batches:
        inference.add({name: pa.array(list(texts), pa.string()) for name, texts in batch.items()})
    return {column.name: column for column in inference.columns()}


def infer_one(*batches: Texts) -> ColumnProfile:
    """The profile of the only column of a file."""
    return infer(*({"it": texts} for texts in batches))["it"]


def _fixed(places: int) -> st.SearchStrategy[str]:
    whole = st.integers(-(10**9), 10**9)
    plain = whole.map(lambda number: str(Decimal(number).scaleb(-places)))
    return plain.map(lambda text: f"{Decimal(text):f}").filter(lambda text: not text.startswith("-0."))


_times = st.datetimes().map(lambda moment: moment.isoformat())

CELLS: dict[str, st.SearchStrategy[str]] = {
    "whole": st.integers(-(2**63), 2**63 - 1).map(str),
    "short whole": st.integers(-99, 99).map(str),
    "long": st.integers(-(10**38) + 1, 10**38 - 1).map(str),
    "money": _fixed(2),
    "fine": _fixed(6),
    "python floats": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "many digits": st.decimals(allow_nan=False, allow_infinity=False, places=9).map(lambda it: f"{it:f}"),
    "number forms": st.sampled_from(
        ["5", "5.0", "5.00", "1.5", "1.50", "1.25", "0.10", "0", "-0.5", "20.00"]
    ),
    "booleans": st.sampled_from(["true", "false"]),
    "booleans in several forms": st.sampled_from(["TRUE", "False", "true"]),
    "dates": st.dates().map(str),
    "times": _times,
    "times with a blank": st.datetimes().map(str),
    "times with a zone": _times.flatmap(
        lambda time: st.sampled_from([f"{time}Z", f"{time}+02:00", f"{time}-0330"])
    ),
    "codes": st.from_regex(r"\A0?[0-9]{1,3}\Z"),
    "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
}
"""Cells of one kind each, as in files."""

NULLS = st.sampled_from(["NULL", "NA", "N/A", "-", "", None])


@st.composite
def columns(draw: st.DrawFn, rows: int | None = None) -> list[str | None]:
    """A column of one or two kinds of cells, sometimes with missing cells and null spellings."""
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=2))
    cells: st.SearchStrategy[str | None] = st.one_of([CELLS[kind] for kind in kinds])
    if draw(st.booleans()):
        cells |= NULLS
    min_size, max_size = (0, 12) if rows is None else (rows, rows)
    return draw(st.lists(cells, min_size=min_size, max_size=max_size))
