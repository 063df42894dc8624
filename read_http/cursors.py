"""Cursors: where the next page of a list begins, opaque to callers."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, TypeVar, get_origin

from shared.errors import InvalidRequest

Place = TypeVar("Place", str, int, list[Any])


def encode(place: str | int | list[Any] | None) -> str | None:
    """The cursor that `after` gives back; `None` where there is no next page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode(text: str | None, kind: type[Place]) -> Place | None:
    """The place that `text`, the parameter `after`, stands for; `None` without; raises `InvalidRequest`."""
    if text is None:
        return None
    try:
        place = json.loads(base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        place = None
    is_text = isinstance(place, str) and place.isprintable()  # as every name is
    if not isinstance(place, get_origin(kind) or kind) or isinstance(place, bool) or is_text != (kind is str):
        detail = "after must be the `next` of an earlier answer of this list."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}])
    return place
