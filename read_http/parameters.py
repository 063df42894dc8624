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
    """pydantic takes `1_000` and ` 5 ` for numbers, too."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("a whole number is written in digits")
    return value


Count = Annotated[int, BeforeValidator(_digits)]
_REJECTS = "At most this many. In JSON 50 where it is left out, and 1000 at most; as CSV all."
After = Annotated[str, Field(description="The `next` of the page before.")]


class Query(BaseModel):
    """The parameters of a request."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Nothing(Query):
    """Where there are none."""


class FirstChunk(Query):
    """Of the first rows."""

    dataset: Annotated[str, Field(description="`DEFAULT_DATASET` where it is left out.")] | None = None
    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many rows.")] = 10


class Page(Query):
    """Of a page of rows."""

    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many rows.")] = 50
    after: After | None = None
    order: (
        Annotated[Literal["recent"], Field(description="The last row of the newest load first.")] | None
    ) = None


class Ingestions(Query):
    """Of the list of ingestions."""

    dataset: Annotated[str, Field(description="Of this dataset alone.")] | None = None
    state: Annotated[str, Field(description="Several are separated by commas.")] | None = None
    since: Annotated[str, Field(description="A time with its zone, `2026-11-23T10:00:00Z`.")] | None = None
    blob: Annotated[str, Field(description="Container and path, `uploads/sales/june.csv`.")] | None = None
    limit: Annotated[Count, Field(ge=1, le=1000, description="At most this many.")] = 50
    after: After | None = None


class Rejects(Query):
    """Of the rejects of an ingestion."""

    limit: Annotated[Count, Field(ge=1, le=1_000_000, description=_REJECTS)] | None = None
    after: After | None = None


class Datasets(Query):
    """Of the list of datasets, or of the changes of one; few, since the rows of each are counted."""

    limit: Annotated[Count, Field(ge=1, le=100, description="At most this many.")] = 20
    after: After | None = None


class Loads(Query):
    """Of the loads of the last days."""

    days: Annotated[Count, Field(ge=1, le=366, description="How many, today in UTC the last one.")] = 30


Made = TypeVar("Made", bound=Query)


def parse_query(model: type[Made], req: func.HttpRequest) -> Made:
    """The parameters of a request that has no others than `model`; raises `InvalidRequest`."""
    requests.check_plain(req.url)
    requests.check_known(req.params, tuple(model.model_fields))
    return parse_parameters(model, req.params)


def parse_parameters(model: type[Made], given: Mapping[str, str]) -> Made:
    """The parameters as `model`, which ignores others; raises `InvalidRequest` with every fault."""
    try:
        return model.model_validate(given)
    except ValidationError as exc:
        faults = [
            {
                "parameter": str(error["loc"][0]),
                "detail": f"{error['loc'][0]}: {_reason(error['msg'])}, not {error['input']!r}.",
            }
            for error in exc.errors(include_url=False, include_context=False)
        ]
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults) from None


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")


Place = TypeVar("Place", str, int, list[Any])


def encode_cursor(place: str | int | list[Any] | None) -> str | None:
    """The cursor that `after` gives back; `None` where there is no next page."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def decode_cursor(text: str | None, kind: type[Place]) -> Place | None:
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


def ingestion_filter(query: Ingestions) -> IngestionFilter:
    """Which entries; raises `InvalidRequest`."""
    return IngestionFilter(
        dataset=query.dataset,
        states=_states(query.state) if query.state is not None else (),
        since=_since(query.since) if query.since is not None else None,
        blob=_blob(query.blob) if query.blob is not None else None,
    )


def _states(text: str) -> list[State]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in set(State)]:
        raise requests.parameter_error("state", f"state cannot be {unknown[0]!r}; known: {', '.join(State)}.")
    return [State(name) for name in names]


def _since(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        detail = "since must be a time with its zone, such as 2026-11-23T10:00:00Z (a + is written %2B)."
        raise requests.parameter_error("since", detail)
    return found


def _blob(text: str) -> tuple[str, str]:
    container, slash, path = text.partition("/")
    if not (container and slash and path):
        raise requests.parameter_error(
            "blob", "blob must be a container and a path in it: uploads/sales/june.csv."
        )
    return container, path
