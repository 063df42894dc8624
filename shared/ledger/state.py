"""The states of an ingestion."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """`received` → `loading` → one of the others."""

    RECEIVED = "received"
    LOADING = "loading"
    LOADED = "loaded"
    REFUSED = "refused"
    """The file's fault."""
    FAILED = "failed"
    """Ours: gave up after retries."""
    DUPLICATE = "duplicate"
    """The same bytes are already loaded in this dataset."""
    SUPERSEDED = "superseded"
    """The blob was replaced or deleted first."""
    UNDONE = "undone"
    """It was loaded, and its rows were taken away again."""


SETTLED = frozenset({State.LOADED, State.REFUSED, State.DUPLICATE, State.SUPERSEDED, State.UNDONE})
"""States that no further delivery of the same version changes, but a replay that was asked for.

`failed` is not one: another try may help."""
