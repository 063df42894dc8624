"""Parameters of the reading endpoints, checked."""

from __future__ import annotations

from collections.abc import Mapping

from shared.http.parameters import ingestion_id, require_known, wrong

__all__ = ["ingestion_id", "limit", "require_known", "wrong"]

_DEFAULT_LIMIT = 10
_HIGHEST_LIMIT = 1000


def limit(
    parameters: Mapping[str, str],
    default: int = _DEFAULT_LIMIT,
    highest: int = _HIGHEST_LIMIT,
    name: str = "limit",
) -> int:
    """`limit`, 1 to `highest`, `default` where it is absent; raises `InvalidRequest`."""
    text = parameters.get(name, str(default))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    number = int(text) if is_number else 0
    if not 1 <= number <= highest:
        raise wrong(name, f"{name} must be a whole number from 1 to {highest}, not {text!r}.")
    return number
