"""The answers about ingestions: parse, ask one use case, respond."""

from __future__ import annotations

import azure.functions as func

from read_http import parameters
from shared.http import requests, responses, serializers
from shared.queries import ingestions
from shared.resources import resources


def list_ingestions(req: func.HttpRequest) -> func.HttpResponse:
    """A page of them, the newest first."""
    query = parameters.parse_query(parameters.Ingestions, req)
    before = parameters.decode_cursor(query.after, int)
    found, after = ingestions.ingestion_page(
        resources().engine, parameters.ingestion_filter(query), before, query.limit
    )
    body = [serializers.listed_ingestion_json(dict(seen.entry), seen.corrected_by) for seen in found]
    return responses.json_value({"ingestions": body, "next": parameters.encode_cursor(after)})


def one_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to one version of one file."""
    parameters.parse_query(parameters.Nothing, req)
    seen = ingestions.find_ingestion(resources().engine, requests.ingestion_id(req.route_params))
    return responses.json_value(serializers.ingestion_json(dict(seen.entry), seen.members, seen.corrected_by))
