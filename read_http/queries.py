"""The parameters of the reading endpoints, as models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import azure.functions as func
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import InvalidRequest
from shared.http import parameters


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


def read(model: type[Made], req: func.HttpRequest) -> Made:
    """The parameters of a request that has no others than `model`; raises `InvalidRequest`."""
    parameters.require_plain(req.url)
    parameters.require_known(req.params, tuple(model.model_fields))
    return parse(model, req.params)


def parse(model: type[Made], given: Mapping[str, str]) -> Made:
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
