"""The answers about datasets: parse, ask one use case, respond."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import azure.functions as func
from pydantic import Field

from read_http import cursors, parameters
from shared import datasets, keying
from shared.http import answer, bodies, described
from shared.resources import resources

_DEFAULT_DAYS = 30
_MOST_DAYS = 366

_OF_A_PAGE = ("limit", "after")
_DEFAULT_LIMIT = 20
_HIGHEST_LIMIT = 100
"""Datasets, or changes of one: the rows of each dataset are counted."""


class NewKey(bodies.Body):
    """The key of a dataset that has none: its columns, by their names or the files' headers."""

    key: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


def every(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the datasets by name, declared and inferred."""
    _require(req, *_OF_A_PAGE)
    limit = parameters.limit(req.params, _DEFAULT_LIMIT, _HIGHEST_LIMIT)
    found, after = datasets.page(resources().engine, cursors.after(req.params, str), limit)
    return answer.json_value(
        {"datasets": [described.of(one) for one in found], "next": cursors.encode(after)}
    )


def one(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, the newest first."""
    _require(req, *_OF_A_PAGE)
    engine, name = resources().engine, req.route_params["name"]
    limit = parameters.limit(req.params, _DEFAULT_LIMIT, _HIGHEST_LIMIT)
    before = cursors.after(req.params, int)
    body = described.of(datasets.describe(engine, name))
    changes, after = datasets.changes(engine, name, before, limit)
    body |= {"changes": [described.change(dict(entry)) for entry in changes], "next": cursors.encode(after)}
    return answer.json_value(body)


def loads(req: func.HttpRequest) -> func.HttpResponse:
    """How many rows were loaded on each of the last days."""
    _require(req, "days")
    days = parameters.limit(req.params, _DEFAULT_DAYS, _MOST_DAYS, name="days")
    found = datasets.loads(resources().engine, req.route_params["name"], days)
    return answer.json_value({"days": [asdict(day) for day in found]})


def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Give an inferred dataset the key of the body; the dataset as it is then."""
    _require(req)
    engine, name = resources().engine, req.route_params["name"]
    keying.set_key(engine, name, bodies.parse(req.get_body(), NewKey).key)
    return answer.json_value(described.of(datasets.describe(engine, name)))


def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a module of Python."""
    _require(req)
    name = req.route_params["name"]
    source = datasets.contract_source(resources().engine, name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.py"'}
    return func.HttpResponse(source, mimetype="text/x-python", charset="utf-8", headers=headers)


def _require(req: func.HttpRequest, *known: str) -> None:
    parameters.require_plain(req.url)
    parameters.require_known(req.params, known)
