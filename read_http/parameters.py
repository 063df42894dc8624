"""Parameters of the reading endpoints, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from shared.errors import InvalidRequest
from shared.http.parameters import ingestion_id, require_known, wrong

__all__ = ["ingestion_id", "limit", "require_known", "require_plain", "wrong"]

_DEFAULT_LIMIT = 10
_HIGHEST_LIMIT = 1000


def require_plain(url: str, known: Sequence[str] | None = None) -> None:
    """Each parameter comes once, with a value; raises `InvalidRequest` that names those that do not.

    All but those `known` are filters, if there are any.

    The platform drops parameters without a value, and makes one text of several: a filter that does nothing,
    or looks for `a,b`, would tell a lie.
    """
    given = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    faults = [
        {"parameter": name, "detail": _blank(name, is_filter=known is not None and name not in known)}
        for name, text in given
        if not text
    ] + [
        {"parameter": name, "detail": f"{name} is given {count} times: give it once."}
        for name, count in Counter(name for name, _ in given).items()
        if count > 1
    ]
    if faults:
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults)


def _blank(name: str, *, is_filter: bool) -> str:
    column = name.partition("__")[0]
    empty = f', or ask for the empty text: {column}__in=""' if is_filter else ""
    return f"{name} has no value: give it one, or leave it out{empty}."


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
