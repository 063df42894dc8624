"""Bounds of ordered values: `ge`, `gt`, `le` and `lt` on a typed column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shared.validation.rule import Known, Schema

NAMES = ("ge", "gt", "le", "lt")

_COMPARISONS: dict[str, Callable[..., pa.BooleanArray]] = {
    "ge": pc.greater_equal,
    "gt": pc.greater,
    "le": pc.less_equal,
    "lt": pc.less,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits as scalars of the column's own type, so that a comparison converts nothing."""

    limits: tuple[tuple[str, pa.Scalar[Any]], ...]

    def hold(self, known: Known) -> Known:
        """`known`, certain only where the values keep the limits."""
        for name, limit in self.limits:
            known = known.only(_COMPARISONS[name](known.values, limit))
        return known


def bounds_of(schema: Schema, kind: pa.DataType, *python_types: type) -> Bounds | None:
    """The bounds in `schema`; `None` where one is of another type or `kind` cannot hold it exactly."""
    limits: list[tuple[str, pa.Scalar[Any]]] = []
    for name in NAMES:
        limit = schema.get(name)
        if limit is None:
            continue
        if type(limit) not in python_types:
            return None
        try:
            scalar = pa.scalar(limit, kind)
        except (pa.ArrowInvalid, OverflowError):
            return None
        limits.append((name, scalar))
    return Bounds(tuple(limits))
