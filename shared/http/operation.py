"""An operation of the API as it is described to callers, declared beside its handler by its models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes with a status: a `model` in JSON, one of `media` (types and their schemas), or nothing."""

    description: str
    model: type[BaseModel] | None = None
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What `function` of the app answers to `method` on `path`, which begins behind the prefix.

    `query` has a field for each parameter, `parameters` are more of them as OpenAPI has them. A `body` is a
    model in JSON, `media` are other types of body with their schemas. `problems` are the statuses of errors.
    """

    function: str
    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    query: type[BaseModel] | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: type[BaseModel] | None = None
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    description: str = ""
    is_open: bool = False
    """Whether it needs no function key."""
