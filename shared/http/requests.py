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
"""The platform's own: a function key."""


def check_known(parameters: Mapping[str, str], known: Collection[str]) -> None:
    """Raises `InvalidRequest` for a parameter that is none of `known`, or that no column can hold."""
    for name, text in parameters.items():
        if name != KEY_PARAMETER and name not in known:
            there_are = f"known: {', '.join(known)}" if known else "there are none here"
            raise parameter_error(name, f"{name} is unknown; {there_are}.")
        if "\0" in text:
            raise parameter_error(name, f"{name} has a NUL character.")


def check_plain(url: str, known: Collection[str] | None = None) -> None:
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


def parameter_error(name: str, detail: str) -> InvalidRequest:
    """The fault of one parameter."""
    return InvalidRequest(detail, [{"parameter": name, "detail": detail}])


def ingestion_id(route: Mapping[str, str]) -> uuid.UUID:
    """The id in the route; raises `NotFound` for what is no id, as for one that nobody has."""
    try:
        return uuid.UUID(route["id"])
    except ValueError:
        raise NotFound(f"There is no ingestion {route['id']!r}: an id is a UUID.") from None


class JsonBody(BaseModel):
    """A body in JSON; members that it has no field for are refused, so that none is ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


Made = TypeVar("Made", bound=JsonBody)


def parse_body(content: bytes, model: type[Made]) -> Made:
    """The body as `model`; raises `InvalidRequest` with every fault and the member that has it."""
    try:
        return model.model_validate_json(content)
    except ValidationError as exc:
        faults = [
            {"member": ".".join(map(str, error["loc"])) or None, "detail": error["msg"]}
            for error in exc.errors(include_url=False, include_input=False, include_context=False)
        ]
        shown = "; ".join(f"{fault['member'] or 'the body'}: {fault['detail']}" for fault in faults)
        raise InvalidRequest(f"The body is not as it should be: {shown}.", faults) from None
