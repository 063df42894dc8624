"""Query parameters of the reading endpoints: models, cursors and filters."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, get_origin

import azure.functions as func
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import InvalidRequest
from shared.http import requests
from shared.ledger.tables import State
from shared.queries.ingestions import IngestionFilter


def _digits(value: object) -> object:
    """Refuse texts such as `1_000` and ` 5 `, which pydantic accepts as numbers."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("must be a whole number in digits")
    return value


Count = Annotated[int, BeforeValidator(_digits)]
_SINCE = "Received at or after this time with time zone: `2026-11-23T10:00:00Z`."
_REJECTS = "At most this many. JSON: the default is 50, the limit 1,000. CSV: the default is all."
After = Annotated[str, Field(description="`next` of the page before.")]


class Query(BaseModel):
    """The parameters of a request."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Nothing(Query):
    """No parameters."""


class FirstChunk(Query):
    """The parameters of the first rows."""

    dataset: Annotated[str, Field(description="The default is `DEFAULT_DATASET`.")] | None = None
    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many rows.")] = 10


class Page(Query):
    """The parameters of a page of rows."""

    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many rows.")] = 50
    after: After | None = None
    order: (
        Annotated[Literal["recent"], Field(description="The last row of the newest load first.")] | None
    ) = None


class Ingestions(Query):
    """The parameters of a page of ingestions."""

    dataset: Annotated[str, Field(description="Only this dataset.")] | None = None
    state: Annotated[str, Field(description="Only these states, separated by commas.")] | None = None
    since: Annotated[str, Field(description=_SINCE)] | None = None
    blob: Annotated[str, Field(description="Container and path: `uploads/sales/june.csv`.")] | None = None
    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many.")] = 50
    after: After | None = None


class Rejects(Query):
    """The parameters of a page or file of rejects."""

    limit: Annotated[Count, Field(ge=1, le=1_000_000, description=_REJECTS)] | None = None
    after: After | None = None


class Datasets(Query):
    """The parameters of a page of datasets, few because their rows are counted, or of changes of one."""

    limit: Annotated[Count, Field(ge=1, le=100, description="At most this many.")] = 20
    after: After | None = None


class Loads(Query):
    """The parameters of the loads of the last days."""

    days: Annotated[Count, Field(ge=1, le=366, description="The number of days up to today, in UTC.")] = 30


Parameters = TypeVar("Parameters", bound=Query)


def parse_query(model: type[Parameters], req: func.HttpRequest) -> Parameters:
    """The parameters of a request as `model`; raises `InvalidRequest`, also for other parameters."""
    requests.check_single_values(req.url)
    requests.check_known(req.params, tuple(model.model_fields))
    return parse_parameters(model, req.params)


def parse_parameters(model: type[Parameters], given: Mapping[str, str]) -> Parameters:
    """The parameters as `model`, which ignores others; raises `InvalidRequest` with all faults."""
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        faults = [
            {
                "parameter": str(error["loc"][0]),
                "detail": f"{error['loc'][0]} {_reason(error['msg'])}, not {error['input']!r}.",
            }
            for error in exc.errors(include_url=False, include_context=False)
        ]
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults) from None


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "must", 1)


Position = TypeVar("Position", str, int, list[Any])


def encode_cursor(position: str | int | list[Any] | None) -> str | None:
    """The cursor for `position`, the end of a page; `None` if there is no next page."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(text: str | None, kind: type[Position]) -> Position | None:
    """The position in `text`, the parameter `after`; `None` without it; raises `InvalidRequest`."""
    if text is None:
        return None
    try:
        position = json.loads(
            base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        position = None
    is_text = isinstance(position, str) and position.isprintable()  # as every name is
    if (
        not isinstance(position, get_origin(kind) or kind)
        or isinstance(position, bool)
        or is_text != (kind is str)
    ):
        raise requests.parameter_error("after", "after must be the `next` of an earlier page of this list.")
    return position


def ingestion_filter(query: Ingestions) -> IngestionFilter:
    """The conditions on ingestions; raises `InvalidRequest`."""
    return IngestionFilter(
        dataset=query.dataset,
        states=_states(query.state) if query.state is not None else (),
        since=_since(query.since) if query.since is not None else None,
        blob=_blob(query.blob) if query.blob is not None else None,
    )


def _states(text: str) -> list[State]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in set(State)]:
        raise requests.parameter_error("state", f"{unknown[0]!r} is not a state. States: {', '.join(State)}.")
    return [State(name) for name in names]


def _since(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        detail = "since must be a time with its zone, such as 2026-11-23T10:00:00Z. Write a + as %2B."
        raise requests.parameter_error("since", detail)
    return time


def _blob(text: str) -> tuple[str, str]:
    container, slash, path = text.partition("/")
    if not (container and slash and path):
        detail = "blob must be a container and a path: uploads/sales/june.csv."
        raise requests.parameter_error("blob", detail)
    return container, path
