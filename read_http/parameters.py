"""Parameters of the reading endpoints, checked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from shared.errors import InvalidRequest, NotFound

_DEFAULT_LIMIT = 10
_HIGHEST_LIMIT = 1000


def limit(parameters: Mapping[str, str]) -> int:
    """`limit`, 1 to 1000, 10 where it is absent; raises `InvalidRequest`."""
    text = parameters.get("limit", str(_DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_LIMIT))):
        number = 0
    else:
        number = int(text)
    if not 1 <= number <= _HIGHEST_LIMIT:
        detail = f"limit must be a whole number from 1 to {_HIGHEST_LIMIT}, not {text!r}."
        raise InvalidRequest(detail, [{"parameter": "limit", "detail": detail}])
    return number


def ingestion_id(route: Mapping[str, str]) -> uuid.UUID:
    """The id in the route; raises `NotFound` for what is no id, as for one that nobody has."""
    try:
        return uuid.UUID(route["id"])
    except ValueError:
        raise NotFound(f"There is no ingestion {route['id']!r}: an id is a UUID.") from None
