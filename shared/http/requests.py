"""Checks of query parameters, route ids and JSON bodies of requests."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidRequest, NotFound

KEY_PARAMETER = "code"
"""The platform's parameter for a function key."""


def check_known(parameters: Mapping[str, str], known: Collection[str]) -> None:
    """Raises `InvalidRequest` for a parameter that is not `known`, or has a NUL: no column stores it."""
    for name, text in parameters.items():
        if name != KEY_PARAMETER and name not in known:
            hint = f"Parameters: {', '.join(known)}." if known else "This address has no parameters."
            raise parameter_error(name, f"{name} is not a parameter. {hint}")
        if "\0" in text:
            raise parameter_error(name, f"{name} has a NUL character.")


def check_single_values(url: str, known: Collection[str] | None = None) -> None:
    """Raises `InvalidRequest` for each parameter that has no value or is repeated.

    All parameters but those `known` are filters. The platform drops parameters without a value and joins
    repeated ones by commas, so a filter would be ignored, or search for `a,b`.
    """
    given = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    faults = [
        {"parameter": name, "detail": _blank(name, is_filter=known is not None and name not in known)}
        for name, text in given
        if not text
    ] + [
        {"parameter": name, "detail": f"{name} is given {count} times. Give it once."}
        for name, count in Counter(name for name, _ in given).items()
        if count > 1
    ]
    if faults:
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults)


def _blank(name: str, *, is_filter: bool) -> str:
    column = name.partition("__")[0]
    empty = f' To find empty texts, use {column}__in="".' if is_filter else ""
    return f"{name} has no value. Add a value or leave it out.{empty}"


def parameter_error(name: str, detail: str) -> InvalidRequest:
    """The error for a fault of one parameter."""
    return InvalidRequest(detail, [{"parameter": name, "detail": detail}])


def ingestion_id(route: Mapping[str, str]) -> uuid.UUID:
    """The id in the route; raises `NotFound` if it is not a UUID, since no ingestion can have it."""
    try:
        return uuid.UUID(route["id"])
    except ValueError:
        raise NotFound(f"{route['id']!r} is not the id of an ingestion: ids are UUIDs.") from None


class JsonBody(BaseModel):
    """A JSON body; unknown members are refused, so that none is silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


Body = TypeVar("Body", bound=JsonBody)


def parse_body(content: bytes, model: type[Body]) -> Body:
    """The body as `model`; raises `InvalidRequest` with each fault and its member."""
    try:
        return model.model_validate_json(content)
    except ValidationError as exc:
        faults = [
            {"member": ".".join(map(str, error["loc"])) or None, "detail": error["msg"]}
            for error in exc.errors(include_url=False, include_input=False, include_context=False)
        ]
        listed = "; ".join(f"{fault['member'] or 'the body'}: {fault['detail']}" for fault in faults)
        raise InvalidRequest(f"Invalid body: {listed}.", faults) from None
