"""Parameters of the reading endpoints, checked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from shared.errors import InvalidRequest, NotFound

_DEFAULT_LIMIT = 10
_HIGHEST_LIMIT = 1000


def limit(parameters: Mapping[str, str], default: int = _DEFAULT_LIMIT, highest: int = _HIGHEST_LIMIT) -> int:
    """`limit`, 1 to `highest`, `default` where it is absent; raises `InvalidRequest`."""
    text = parameters.get("limit", str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    number = int(text) if is_number else 0
    if not 1 <= number <= highest:
        detail = f"limit must be a whole number from 1 to {highest}, not {text!r}."
        raise InvalidRequest(detail, [{"parameter": "limit", "detail": detail}])
    return number


def ingestion_id(route: Mapping[str, str]) -> uuid.UUID:
    """The id in the route; raises `NotFound` for what is no id, as for one that nobody has."""
    try:
        return uuid.UUID(route["id"])
    except ValueError:
        raise NotFound(f"There is no ingestion {route['id']!r}: an id is a UUID.") from None
