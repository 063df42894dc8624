"""The parameters that say which ingestions a list is to have, checked."""

from __future__ import annotations

from datetime import datetime

from read_http.queries import Ingestions
from shared.http import parameters
from shared.ledger.state import State
from shared.queries.listing import Wanted


def wanted(query: Ingestions) -> Wanted:
    """Which entries; raises `InvalidRequest`."""
    return Wanted(
        dataset=query.dataset,
        states=_states(query.state) if query.state is not None else (),
        since=_since(query.since) if query.since is not None else None,
        blob=_blob(query.blob) if query.blob is not None else None,
    )


def _states(text: str) -> list[State]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in set(State)]:
        raise parameters.wrong("state", f"state cannot be {unknown[0]!r}; known: {', '.join(State)}.")
    return [State(name) for name in names]


def _since(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        detail = "since must be a time with its zone, such as 2026-11-23T10:00:00Z (a + is written %2B)."
        raise parameters.wrong("since", detail)
    return found


def _blob(text: str) -> tuple[str, str]:
    container, slash, path = text.partition("/")
    if not (container and slash and path):
        raise parameters.wrong("blob", "blob must be a container and a path in it: uploads/sales/june.csv.")
    return container, path
