"""Builds the OpenAPI 3.1 description from the operations and their models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.http.models import Problem

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ResponseSpec:
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
    answers: Mapping[int, ResponseSpec]
    query: type[BaseModel] | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: type[BaseModel] | None = None
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    description: str = ""
    is_open: bool = False
    """Whether it needs no function key."""


_REFERENCE = "#/components/schemas/{model}"
_SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"code": []}]
_PROBLEMS_OF_ALL = (HTTPStatus.INTERNAL_SERVER_ERROR,)
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")

_ABOUT = """CSV files in, Postgres rows out.

Errors are problems (RFC 9457): `detail` says what is wrong, `errors` names each fault. A list is a page of
it: `next` is the `after` of the next page, and `null` on the last one. In Azure a function key goes into the
header `x-functions-key`."""

_TAGS = {
    "Files": ("What brings files in.", ("ingest", "uploads")),
    "Ingestions": ("What became of each file, and how to mend, undo and load it again.", ("ingestions",)),
    "Rows": ("Read by page, or one by its key; written and deleted one at a time.", ("read",)),
    "Datasets": ("Destinations of files: columns, keys, loads.", ("datasets",)),
    "App": ("Its health, its pages, and this description.", ("health", "openapi.json", "docs", "console")),
}
"""Groups of operations: what each is about, and how their paths begin."""

IN_PATHS = {
    "id": "The id of an ingestion, a UUID.",
    "name": "The name of a dataset.",
    "dataset": "The name of a dataset.",
    "key": "The values of the key, as a record of CSV: `SO43697,1`. One that has a comma or a quote in it, "
    'or is empty, `.` or `..`, is enclosed in double quotes: `"a, b",1`. A slash is sent as `%2F`.',
    "file": "A file of the page.",
}


def document(operations: Iterable[Operation], server: str) -> dict[str, Any]:
    """The description of `operations` on `server`, the address of the prefix."""
    every = list(operations)
    paths: dict[str, Any] = {}
    for operation in every:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CSV to Postgres",
            "version": "1",
            "description": _ABOUT,
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": said} for name, (said, _) in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(every),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "code": {"type": "apiKey", "in": "query", "name": "code"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    answers = dict(operation.answers)
    for status in (*operation.problems, *_PROBLEMS_OF_ALL):
        schema = {"$ref": _REFERENCE.format(model=Problem.__name__)}
        answers.setdefault(status, ResponseSpec(HTTPStatus(status).phrase, media={PROBLEM: schema}))
    found: dict[str, Any] = {
        "operationId": operation.function,
        "tags": [_tag(operation.path)],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "parameters": [*_in_path(operation.path), *_in_query(operation.query), *operation.parameters],
        "responses": {str(int(status)): _answer(answers[status]) for status in sorted(answers)},
    }
    if operation.body or operation.media:
        content = _content(operation.body, operation.media)
        found["requestBody"] = {"required": True, "content": content}
    if not operation.is_open:
        found["security"] = _SECURITY
    return found


def _tag(path: str) -> str:
    begin = path.split("/")[1]
    (tag,) = (name for name, (_, begins) in _TAGS.items() if begin in begins)
    return tag


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "description": IN_PATHS[name],
        }
        for name in _PATH_PARAMETER.findall(path)
    ]


def _in_query(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(mode="validation")
    required = schema.get("required", [])
    return [
        _parameter(name, _without_null(field), is_required=name in required)
        for name, field in schema["properties"].items()
    ]


def _parameter(name: str, field: Mapping[str, Any], *, is_required: bool) -> dict[str, Any]:
    """Where pages of documentation look for it, the description is the parameter's, not its schema's."""
    found: dict[str, Any] = {"name": name, "in": "query", "required": is_required}
    if description := field.get("description"):
        found["description"] = description
    schema = {key: value for key, value in field.items() if key not in {"title", "description"}}
    return {**found, "schema": schema}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter can be left out, but not be null."""
    found = dict(schema)
    choices = [one for one in found.pop("anyOf", []) if one != {"type": "null"}]
    if found.get("default", ...) is None:
        del found["default"]
    return {**found, **choices[0]} if choices else found


def _answer(answer: ResponseSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.description}
    if content := _content(answer.model, answer.media):
        found["content"] = content
    if answer.headers:
        found["headers"] = {
            name: {"description": said, "schema": {"type": "string"}} for name, said in answer.headers.items()
        }
    return found


def _content(model: type[BaseModel] | None, media: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if model is not None:  # first, since that is what clients then ask for
        content[JSON] = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}
    return content | {kind: {"schema": dict(schema)} for kind, schema in media.items()}


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    asked = {one.body for one in operations if one.body}
    told = {answer.model for one in operations for answer in one.answers.values() if answer.model}
    models = [
        *((model, "validation") for model in sorted(asked, key=lambda model: model.__name__)),
        *((model, "serialization") for model in sorted(told | {Problem}, key=lambda model: model.__name__)),
    ]
    _, found = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return schemas
