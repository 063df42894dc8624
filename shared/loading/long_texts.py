"""Long texts are compared by their digest, so that neither side has to hold what is in the table."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql

_LONGEST = 256
"""Bytes of a text that is compared as it is."""

_MARK = "\x02"
"""Begins every digest. A text that begins with it is digested too, so that none looks like a digest."""

_SELECTED = sql.SQL(
    "case when octet_length({0}) > {1} or starts_with({0}, {2})"
    " then {2} || encode(sha256(convert_to({0}, 'UTF8')), 'hex') else {0} end"
)


def selected(column: sql.Composable) -> sql.Composable:
    """The text `column` in a query, as it is compared."""
    return _SELECTED.format(column, sql.Literal(_LONGEST), sql.Literal(_MARK))


def compared(texts: pa.StringArray) -> pa.StringArray:
    """`texts` as `selected` gives them."""
    lengths: Any = pc.binary_length(texts)
    longest: Any = pa.scalar(_LONGEST)
    is_long: Any = pc.greater(lengths, longest)
    is_marked: Any = pc.starts_with(texts, _MARK)
    is_digested: Any = pc.or_(is_long, is_marked).fill_null(False)
    places = np.flatnonzero(is_digested.to_numpy(zero_copy_only=False))
    if not len(places):
        return texts
    digests = pa.array([_digest(str(text)) for text in texts.take(places).to_pylist()], pa.string())
    replaced: Any = pc.replace_with_mask(texts, is_digested, digests)
    return pa.array(replaced, pa.string())


def _digest(text: str) -> str:
    return _MARK + hashlib.sha256(text.encode()).hexdigest()
