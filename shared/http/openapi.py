"""Builds the OpenAPI 3.1 description from the functions of the app and their response models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import azure.functions as func
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.http.models import Problem

JSON = "application/json"
PROBLEM = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Route:
    """An HTTP function of the app: its name, method and path, and whether it needs no function key."""

    function: str
    method: str
    path: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """The body of a status: `model` in JSON, other `media` types with their schemas, or no body."""

    description: str
    model: type[BaseModel] | None = None
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """The description of an HTTP function.

    `query` has a field for each query parameter; `parameters` are further ones as OpenAPI objects. `body` is
    the model of a JSON body; `media` are other types of body with their schemas. `problems` are the statuses
    of errors.
    """

    summary: str
    responses: Mapping[int, ResponseSpec]
    query: type[BaseModel] | None = None
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: type[BaseModel] | None = None
    media: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    description: str = ""


_REFERENCE = "#/components/schemas/{model}"
_SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"code": []}]
_COMMON_PROBLEMS = (HTTPStatus.INTERNAL_SERVER_ERROR,)
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")

_ABOUT = """Loads CSV files into PostgreSQL.

Errors are problems (RFC 9457): `detail` says what is wrong, `errors` lists each error. Lists are paged:
`next` is the value of `after` for the next page, and `null` on the last page. In Azure, send a function key
in the header `x-functions-key`."""

_TAGS = {
    "Files": ("Upload files.", ("ingest", "uploads")),
    "Ingestions": (
        "The result of each file; correct rejected rows, undo a load, replay it.",
        ("ingestions",),
    ),
    "Rows": ("Read pages of rows; read, write and delete one row by its key.", ("read",)),
    "Datasets": ("The destinations of files: columns, keys, loads.", ("datasets",)),
    "App": ("Health, pages and this description.", ("health", "openapi.json", "docs", "console")),
}
"""Groups of operations: a description, and the first segments of their paths."""

IN_PATHS = {
    "id": "The id of an ingestion, a UUID.",
    "name": "The name of a dataset.",
    "dataset": "The name of a dataset.",
    "key": "The values of the key as a CSV record: `SO43697,1`. Enclose a value in double quotes if it has a "
    'comma or a quote in it, or is empty, `.` or `..`: `"a, b",1`. Write a slash as `%2F`.',
    "file": "The name of a file of the page.",
}


def http_routes(*blueprints: func.Blueprint) -> list[Route]:
    """The HTTP functions of `blueprints`, each with one method, in the order of their registration."""
    app = func.FunctionApp()
    for blueprint in blueprints:
        app.register_functions(blueprint)
    return [
        _route(str(function.get_function_name()), json.loads(function.get_raw_bindings()[0]))
        for function in app.get_functions()
        if function.is_http_function()
    ]


def _route(name: str, trigger: Mapping[str, Any]) -> Route:
    (method,) = trigger["methods"]
    return Route(name, method, f"/{trigger['route']}", is_open=trigger["authLevel"] == "ANONYMOUS")


def document(routes: Iterable[Route], operations: Mapping[str, Operation], server: str) -> dict[str, Any]:
    """The description of `routes`, whose `operations` are found by function name.

    `server` is the address of the path prefix.
    """
    paths: dict[str, Any] = {}
    described = [operations[route.function] for route in routes]
    for route, operation in zip(routes, described, strict=True):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "CSV to Postgres",
            "version": "1",
            "description": _ABOUT,
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, (text, _) in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(described),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
                "code": {"type": "apiKey", "in": "query", "name": "code"},
            },
        },
    }


def _operation(route: Route, operation: Operation) -> dict[str, Any]:
    responses = dict(operation.responses)
    for status in (*operation.problems, *_COMMON_PROBLEMS):
        schema = {"$ref": _REFERENCE.format(model=Problem.__name__)}
        responses.setdefault(status, ResponseSpec(HTTPStatus(status).phrase, media={PROBLEM: schema}))
    described: dict[str, Any] = {
        "operationId": route.function,
        "tags": [_tag(route.path)],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "parameters": [
            *_path_parameters(route.path),
            *_query_parameters(operation.query),
            *operation.parameters,
        ],
        "responses": {str(int(status)): _response(responses[status]) for status in sorted(responses)},
    }
    if operation.body or operation.media:
        content = _content(operation.body, operation.media)
        described["requestBody"] = {"required": True, "content": content}
    if not route.is_open:
        described["security"] = _SECURITY
    return described


def _tag(path: str) -> str:
    segment = path.split("/")[1]
    (tag,) = (name for name, (_, segments) in _TAGS.items() if segment in segments)
    return tag


def _path_parameters(path: str) -> list[dict[str, Any]]:
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


def _query_parameters(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(mode="validation")
    required = schema.get("required", [])
    return [
        _query_parameter(name, _without_null(field), is_required=name in required)
        for name, field in schema["properties"].items()
    ]


def _query_parameter(name: str, schema: Mapping[str, Any], *, is_required: bool) -> dict[str, Any]:
    """The description goes to the parameter, where Swagger UI shows it, not to its schema."""
    parameter: dict[str, Any] = {"name": name, "in": "query", "required": is_required}
    if description := schema.get("description"):
        parameter["description"] = description
    rest = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    return {**parameter, "schema": rest}


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an optional field without `null`: a query parameter is left out, never null."""
    rest = dict(schema)
    choices = [choice for choice in rest.pop("anyOf", []) if choice != {"type": "null"}]
    if rest.get("default", ...) is None:
        del rest["default"]
    return {**rest, **choices[0]} if choices else rest


def _response(spec: ResponseSpec) -> dict[str, Any]:
    response: dict[str, Any] = {"description": spec.description}
    if content := _content(spec.model, spec.media):
        response["content"] = content
    if spec.headers:
        response["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in spec.headers.items()
        }
    return response


def _content(model: type[BaseModel] | None, media: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if model is not None:  # first, since clients ask for the first type
        content[JSON] = {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}
    return content | {media_type: {"schema": dict(schema)} for media_type, schema in media.items()}


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    bodies = {operation.body for operation in operations if operation.body}
    specs = [spec for operation in operations for spec in operation.responses.values()]
    results: set[type[BaseModel]] = {Problem, *(spec.model for spec in specs if spec.model)}
    models = [
        *((model, "validation") for model in sorted(bodies, key=lambda model: model.__name__)),
        *((model, "serialization") for model in sorted(results, key=lambda model: model.__name__)),
    ]
    _, schemas = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    definitions: dict[str, Any] = schemas["$defs"]
    return definitions
