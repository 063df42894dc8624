"""The answers about ingestions: parse, ask one use case, respond."""

from __future__ import annotations

import azure.functions as func

from read_http import cursors, filters, queries
from shared.http import answer, parameters, status
from shared.queries import ingestions
from shared.resources import resources


def every(req: func.HttpRequest) -> func.HttpResponse:
    """A page of them, the newest first."""
    query = queries.read(queries.Ingestions, req)
    before = cursors.decode(query.after, int)
    found, after = ingestions.page(resources().engine, filters.wanted(query), before, query.limit)
    body = [status.listed(dict(seen.entry), seen.corrected_by) for seen in found]
    return answer.json_value({"ingestions": body, "next": cursors.encode(after)})


def one(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to one version of one file."""
    queries.read(queries.Nothing, req)
    seen = ingestions.find(resources().engine, parameters.ingestion_id(req.route_params))
    return answer.json_value(status.of(dict(seen.entry), seen.members, seen.corrected_by))
