"""Handles the ingestion endpoints: the list, and one ingestion."""

from __future__ import annotations

import azure.functions as func

from read_http import parameters
from shared.http import ingestion_models, requests, responses
from shared.queries import ingestions
from shared.resources import resources


def list_ingestions(req: func.HttpRequest) -> func.HttpResponse:
    """A page of ingestions, newest first."""
    query = parameters.parse_query(parameters.Ingestions, req)
    before = parameters.decode_cursor(query.after, int)
    views, after = ingestions.ingestion_page(
        resources().engine, parameters.ingestion_filter(query), before, query.limit
    )
    listed = [ingestion_models.ListedIngestion.from_view(view) for view in views]
    return responses.json_model(
        ingestion_models.Ingestions(ingestions=listed, next=parameters.encode_cursor(after))
    )


def read_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """The result of one version of one file."""
    parameters.parse_query(parameters.Nothing, req)
    view = ingestions.find_ingestion(resources().engine, requests.ingestion_id(req.route_params))
    return responses.json_model(ingestion_models.Ingestion.from_view(view))
