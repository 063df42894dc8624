"""Handles the dataset endpoints: list, description, key, loads by day, contract source."""

from __future__ import annotations

from typing import Annotated

import azure.functions as func
from pydantic import Field

from read_http import parameters
from shared.http import dataset_models, requests, responses
from shared.queries import describe_datasets
from shared.resources import resources
from shared.use_cases.set_key import set_key as set_dataset_key


class NewKey(requests.JsonBody):
    """The key of an inferred dataset: names of its columns, in the table or in files."""

    key: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


def list_datasets(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the declared and inferred datasets, by name."""
    query = parameters.parse_query(parameters.Datasets, req)
    descriptions, after = describe_datasets.dataset_page(
        resources().engine, parameters.decode_cursor(query.after, str), query.limit
    )
    datasets = [dataset_models.Dataset.from_description(description) for description in descriptions]
    return responses.json_model(
        dataset_models.Datasets(datasets=datasets, next=parameters.encode_cursor(after))
    )


def read_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, newest first."""
    query = parameters.parse_query(parameters.Datasets, req)
    engine, name = resources().engine, req.route_params["name"]
    before = parameters.decode_cursor(query.after, int)
    description = describe_datasets.describe_dataset(engine, name)
    changes, after = describe_datasets.dataset_changes(engine, name, before, query.limit)
    body = dataset_models.ChangedDataset.with_changes(description, changes, parameters.encode_cursor(after))
    return responses.json_model(body)


def list_loads(req: func.HttpRequest) -> func.HttpResponse:
    """The number of rows loaded on each of the last days."""
    query = parameters.parse_query(parameters.Loads, req)
    days = describe_datasets.loads_per_day(resources().engine, req.route_params["name"], query.days)
    return responses.json_model(dataset_models.Days.model_validate({"days": days}))


def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Set the key of an inferred dataset; the response is the changed dataset."""
    parameters.parse_query(parameters.Nothing, req)
    engine, name = resources().engine, req.route_params["name"]
    set_dataset_key(engine, name, requests.parse_body(req.get_body(), NewKey).key)
    description = describe_datasets.describe_dataset(engine, name)
    return responses.json_model(dataset_models.Dataset.from_description(description))


def read_contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a Python module."""
    parameters.parse_query(parameters.Nothing, req)
    name = req.route_params["name"]
    source = describe_datasets.source_of_contract(resources().engine, name)
    headers = {"Content-Disposition": f'attachment; filename="{name}.py"'}
    return func.HttpResponse(source, mimetype="text/x-python", charset="utf-8", headers=headers)
