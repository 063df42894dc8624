"""The answers about datasets: parse, ask one use case, respond."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import azure.functions as func
from pydantic import Field

from read_http import cursors, queries
from shared.http import answer, bodies, described
from shared.queries import datasets
from shared.resources import resources
from shared.use_cases import keying


class NewKey(bodies.Body):
    """The key of a dataset that has none: its columns, by their names or the files' headers."""

    key: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


def every(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the datasets by name, declared and inferred."""
    query = queries.read(queries.Datasets, req)
    found, after = datasets.page(resources().engine, cursors.decode(query.after, str), query.limit)
    return answer.json_value(
        {"datasets": [described.of(one) for one in found], "next": cursors.encode(after)}
    )


def one(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, the newest first."""
    query = queries.read(queries.Datasets, req)
    engine, name = resources().engine, req.route_params["name"]
    before = cursors.decode(query.after, int)
    body = described.of(datasets.describe(engine, name))
    changes, after = datasets.changes(engine, name, before, query.limit)
    body |= {"changes": [described.change(dict(entry)) for entry in changes], "next": cursors.encode(after)}
    return answer.json_value(body)


def loads(req: func.HttpRequest) -> func.HttpResponse:
    """How many rows were loaded on each of the last days."""
    query = queries.read(queries.Loads, req)
    found = datasets.loads(resources().engine, req.route_params["name"], query.days)
    return answer.json_value({"days": [asdict(day) for day in found]})


def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Give an inferred dataset the key of the body; the dataset as it is then."""
    queries.read(queries.Nothing, req)
    engine, name = resources().engine, req.route_params["name"]
    keying.set_key(engine, name, bodies.parse(req.get_body(), NewKey).key)
    return answer.json_value(described.of(datasets.describe(engine, name)))


def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a module of Python."""
    queries.read(queries.Nothing, req)
    name = req.route_params["name"]
    source = datasets.contract_source(resources().engine, name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.py"'}
    return func.HttpResponse(source, mimetype="text/x-python", charset="utf-8", headers=headers)
