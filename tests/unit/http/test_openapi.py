"""The OpenAPI description has every route, parameter and body of the app, and no other."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import azure.functions as func
import jsonschema_rs
import pytest

import function_app
import read_http
from ingest_http import api_description as ingest_description
from ingest_http import parameters as ingest_parameters
from read_http import api_description as read_description
from read_http import api_docs
from read_http import parameters as read_parameters
from read_http.datasets import NewKey

BASE = "http://127.0.0.1/api"


def request(path: str, **route: str) -> func.HttpRequest:
    return func.HttpRequest("GET", f"{BASE}/{path}", route_params=route, body=b"")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    description: dict[str, Any] = json.loads(
        api_docs.serve_description(request("openapi.json"), read_http.blueprint).get_body()
    )
    return description


@pytest.fixture(scope="module")
def operations(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The described operations by function name, with method and path."""
    return {
        operation["operationId"]: {**operation, "route": (path, method)}
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }


@cache
def triggers() -> dict[str, dict[str, Any]]:
    """The HTTP triggers of the app by function name, as the host sees them."""
    functions = {
        function.get_function_name(): json.loads(function.get_raw_bindings()[0])
        for function in function_app.app.get_functions()
    }
    return {str(name): trigger for name, trigger in functions.items() if trigger["type"] == "httpTrigger"}


def test_exactly_the_http_functions_are_described(operations: dict[str, dict[str, Any]]) -> None:
    routes = {
        name: (f"/{trigger['route']}", method.lower())
        for name, trigger in triggers().items()
        for method in trigger["methods"]
    }
    assert {name: operation["route"] for name, operation in operations.items()} == routes
    assert {*ingest_description.OPERATIONS, *read_description.OPERATIONS} == routes.keys()


def test_exactly_the_operations_that_need_a_key_say_so(operations: dict[str, dict[str, Any]]) -> None:
    for name, trigger in triggers().items():
        assert ("security" not in operations[name]) == (trigger["authLevel"] == "ANONYMOUS"), name


def test_the_description_is_openapi_3_1_without_dangling_references(described: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(described)))

    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": "/api"}]
    assert references <= described["components"]["schemas"].keys()
    for schema in described["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})


def names(operation: dict[str, Any], place: str) -> set[str]:
    return {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == place}


def test_parameters_are_those_that_handlers_know(operations: dict[str, dict[str, Any]]) -> None:
    assert names(operations["ingest"], "query") == set(ingest_parameters.parameter_names())
    assert names(operations["rows"], "query") == {"limit", "after", "order", "filters"}
    assert names(operations["rows"], "path") == {"dataset"}
    assert names(operations["put_row"], "path") == {"dataset", "key"}
    assert names(operations["ingestions"], "query") == set(read_parameters.Ingestions.model_fields)


def test_every_operation_has_a_tag_and_every_parameter_a_description(
    described: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    tags = {tag["name"] for tag in described["tags"]}
    for name, operation in operations.items():
        assert set(operation["tags"]) <= tags, name
        assert [one["name"] for one in operation["parameters"] if not one.get("description")] == [], name


def test_swagger_ui_tries_rows_as_json_without_filters(described: dict[str, Any]) -> None:
    """Swagger UI requests the first media type, and fills an object without an example with nonsense."""
    rows = described["paths"]["/read/{dataset}"]["get"]
    (filters,) = (one for one in rows["parameters"] if one["name"] == "filters")

    assert filters["example"] == {}
    assert next(iter(rows["responses"]["200"]["content"])) == "application/json"


def test_bodies_are_described_by_the_models_that_parse_them(described: dict[str, Any]) -> None:
    body = described["paths"]["/datasets/{name}"]["put"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/NewKey"}
    assert described["components"]["schemas"]["NewKey"] == NewKey.model_json_schema()


@pytest.mark.parametrize("model", ["Ingestion", "Arrived", "Foreseen"])
def test_warnings_replace_the_deprecated_doubts(described: dict[str, Any], model: str) -> None:
    properties = described["components"]["schemas"][model]["properties"]

    assert properties["warnings"]["items"] == {"$ref": "#/components/schemas/FormatWarning"}
    assert properties["format"]["anyOf"][0]["properties"]["doubts"]["deprecated"] is True


def test_the_page_uses_only_files_of_the_app() -> None:
    page = api_docs.serve_page(request("docs"))
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.get_body().decode())

    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert [one for one in addresses if not one.startswith(("/api/docs/", "data:"))] == []
    assert b"<script>" not in page.get_body()
    for address in addresses:
        if address.startswith("/api/docs/"):
            name = address.removeprefix("/api/docs/")
            assert api_docs.serve_file(request("docs/x", file=name)).get_body(), name


@pytest.mark.parametrize("name", ["index.html", "../__init__.py", "swagger-ui.js.map"])
def test_no_other_file_is_served(name: str) -> None:
    with pytest.raises(Exception, match="There is no file"):
        api_docs.serve_file(request("docs/x", file=name))
