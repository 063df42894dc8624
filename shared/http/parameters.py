"""What parameters of requests have in common: names that are known, and ids in routes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

from shared.errors import InvalidRequest, NotFound

_PLATFORMS = "code"
"""The platform's own: a function key."""


def require_known(parameters: Mapping[str, str], known: Collection[str]) -> None:
    """Raises `InvalidRequest` for a parameter that is none of `known`, or that no column can hold."""
    for name, text in parameters.items():
        if name != _PLATFORMS and name not in known:
            there_are = f"known: {', '.join(known)}" if known else "there are none here"
            raise wrong(name, f"{name} is unknown; {there_are}.")
        if "\0" in text:
            raise wrong(name, f"{name} has a NUL character.")


def wrong(name: str, detail: str) -> InvalidRequest:
    """The fault of one parameter."""
    return InvalidRequest(detail, [{"parameter": name, "detail": detail}])


def ingestion_id(route: Mapping[str, str]) -> uuid.UUID:
    """The id in the route; raises `NotFound` for what is no id, as for one that nobody has."""
    try:
        return uuid.UUID(route["id"])
    except ValueError:
        raise NotFound(f"There is no ingestion {route['id']!r}: an id is a UUID.") from None
