"""The description of the API has every route, parameter and body that the app has, and no other."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import azure.functions as func
import jsonschema_rs
import pytest

import function_app
from ingest_http import api_description as of_ingesting
from ingest_http import parameters as ingest_parameters
from read_http import api_description as of_reading
from read_http import api_docs
from read_http import parameters as read_parameters
from read_http.datasets import NewKey

EVERY = {one.function: one for one in (*of_ingesting.OPERATIONS, *of_reading.OPERATIONS)}
BASE = "http://127.0.0.1/api"


def request(path: str, **route: str) -> func.HttpRequest:
    return func.HttpRequest("GET", f"{BASE}/{path}", route_params=route, body=b"")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    import json  # noqa: PLC0415

    found: dict[str, Any] = json.loads(api_docs.description(request("openapi.json")).get_body())
    return found


@cache
def triggers() -> dict[str, dict[str, Any]]:
    found = {
        f.get_function_name(): f.get_dict_repr()["bindings"][0] for f in function_app.app.get_functions()
    }
    return {str(name): trigger for name, trigger in found.items() if trigger["type"] == "httpTrigger"}


def test_every_function_that_answers_http_is_described_as_it_is() -> None:
    bound = {
        name: (f"/{trigger['route']}", [str(getattr(one, "name", one)) for one in trigger["methods"]])
        for name, trigger in triggers().items()
    }
    assert bound == {name: (one.path, [one.method]) for name, one in EVERY.items()}


def test_what_needs_a_key_says_so(described: dict[str, Any]) -> None:
    for name, trigger in triggers().items():
        operation = described["paths"][EVERY[name].path][EVERY[name].method.lower()]
        is_open = "ANONYMOUS" in str(trigger["authLevel"])
        assert ("security" not in operation, EVERY[name].is_open) == (is_open, is_open), name


def test_it_is_openapi_3_1_whose_references_lead_somewhere(described: dict[str, Any]) -> None:
    references = set(re.findall(r"'\$ref': '#/components/schemas/(\w+)'", str(described)))

    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": "/api"}]
    assert references <= described["components"]["schemas"].keys()
    for schema in described["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})


def names(described: dict[str, Any], function: str, place: str) -> set[str]:
    operation = described["paths"][EVERY[function].path][EVERY[function].method.lower()]
    return {one["name"] for one in operation["parameters"] if one["in"] == place}


def test_parameters_are_those_that_handlers_know(described: dict[str, Any]) -> None:
    assert names(described, "ingest", "query") == set(ingest_parameters.parameter_names())
    assert names(described, "rows", "query") == {"limit", "after", "order", "filters"}
    assert names(described, "rows", "path") == {"dataset"}
    assert names(described, "put_row", "path") == {"dataset", "key"}
    assert names(described, "ingestions", "query") == set(read_parameters.Ingestions.model_fields)


def test_every_operation_is_in_a_group_and_every_parameter_is_explained(described: dict[str, Any]) -> None:
    groups = {one["name"] for one in described["tags"]}
    for function, operation in EVERY.items():
        found = described["paths"][operation.path][operation.method.lower()]
        assert set(found["tags"]) <= groups, function
        assert [one["name"] for one in found["parameters"] if not one.get("description")] == [], function


def test_rows_are_tried_out_as_json_and_without_filters(described: dict[str, Any]) -> None:
    """A page that tries things out asks for the first form, and fills an object with nonsense."""
    rows = described["paths"]["/read/{dataset}"]["get"]
    (filters,) = (one for one in rows["parameters"] if one["name"] == "filters")

    assert filters["example"] == {}
    assert next(iter(rows["responses"]["200"]["content"])) == "application/json"


def test_bodies_are_the_models_that_read_them(described: dict[str, Any]) -> None:
    body = described["paths"]["/datasets/{name}"]["put"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/NewKey"}
    assert described["components"]["schemas"]["NewKey"] == NewKey.model_json_schema()


def test_the_page_takes_nothing_from_elsewhere() -> None:
    page = api_docs.page(request("docs"))
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.get_body().decode())

    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert [one for one in addresses if not one.startswith(("/api/docs/", "data:"))] == []
    assert b"<script>" not in page.get_body()
    for address in addresses:
        if address.startswith("/api/docs/"):
            name = address.removeprefix("/api/docs/")
            assert api_docs.file(request("docs/x", file=name)).get_body(), name


@pytest.mark.parametrize("name", ["index.html", "../__init__.py", "swagger-ui.js.map"])
def test_no_other_file_is_served(name: str) -> None:
    with pytest.raises(Exception, match="There is no file"):
        api_docs.file(request("docs/x", file=name))
