"""The answers about datasets: parse, ask one use case, respond."""

from __future__ import annotations

from typing import Annotated

import azure.functions as func
from pydantic import Field

from read_http import parameters
from shared.http import dataset_models, requests, responses
from shared.queries import describe_datasets
from shared.resources import resources
from shared.use_cases import set_key


class NewKey(requests.JsonBody):
    """The key of a dataset that has none: its columns, by their names or the files' headers."""

    key: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


def list_datasets(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the datasets by name, declared and inferred."""
    query = parameters.parse_query(parameters.Datasets, req)
    found, after = describe_datasets.dataset_page(
        resources().engine, parameters.decode_cursor(query.after, str), query.limit
    )
    datasets = [dataset_models.Dataset.from_description(description) for description in found]
    return responses.json_model(
        dataset_models.Datasets(datasets=datasets, next=parameters.encode_cursor(after))
    )


def one_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, the newest first."""
    query = parameters.parse_query(parameters.Datasets, req)
    engine, name = resources().engine, req.route_params["name"]
    before = parameters.decode_cursor(query.after, int)
    description = describe_datasets.describe_dataset(engine, name)
    changes, after = describe_datasets.dataset_changes(engine, name, before, query.limit)
    body = dataset_models.ChangedDataset.with_changes(description, changes, parameters.encode_cursor(after))
    return responses.json_model(body)


def loads(req: func.HttpRequest) -> func.HttpResponse:
    """How many rows were loaded on each of the last days."""
    query = parameters.parse_query(parameters.Loads, req)
    found = describe_datasets.loads_per_day(resources().engine, req.route_params["name"], query.days)
    return responses.json_model(dataset_models.Days.model_validate({"days": found}))


def put_key(req: func.HttpRequest) -> func.HttpResponse:
    """Give an inferred dataset the key of the body; the dataset as it is then."""
    parameters.parse_query(parameters.Nothing, req)
    engine, name = resources().engine, req.route_params["name"]
    set_key.set_key(engine, name, requests.parse_body(req.get_body(), NewKey).key)
    description = describe_datasets.describe_dataset(engine, name)
    return responses.json_model(dataset_models.Dataset.from_description(description))


def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a module of Python."""
    parameters.parse_query(parameters.Nothing, req)
    name = req.route_params["name"]
    source = describe_datasets.source_of_contract(resources().engine, name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.py"'}
    return func.HttpResponse(source, mimetype="text/x-python", charset="utf-8", headers=headers)
