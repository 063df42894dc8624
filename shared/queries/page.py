"""A page of rows: what is asked for, and what is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shared.queries.filters import Filter

Place = list[Any]
"""Where a page ends, as JSON: the order that it is in, then what identifies its last row in that order."""


@dataclass(frozen=True, slots=True)
class Asked:
    """At most `limit` rows that pass all `filters`, behind `after`; `recent` ones first, or as usual."""

    limit: int
    after: Place | None = None
    recent: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as JSON texts, and where the next page begins; `None` behind the last row."""

    columns: tuple[str, ...]
    rows: list[str] = field(default_factory=list)
    after: Place | None = None
