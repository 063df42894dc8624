"""The answers about ingestions: parse, ask one use case, respond."""

from __future__ import annotations

import azure.functions as func

from read_http import cursors, filters, parameters
from shared import ingestions
from shared.http import answer, status
from shared.resources import resources

_DEFAULT_LIMIT = 50


def every(req: func.HttpRequest) -> func.HttpResponse:
    """A page of them, the newest first."""
    parameters.require_plain(req.url)
    parameters.require_known(req.params, (*filters.NAMES, "limit", "after"))
    limit = parameters.limit(req.params, _DEFAULT_LIMIT)
    wanted, before = filters.wanted(req.params), cursors.after(req.params, int)
    found, after = ingestions.page(resources().engine, wanted, before, limit)
    body = [status.listed(dict(seen.entry), seen.corrected_by) for seen in found]
    return answer.json_value({"ingestions": body, "next": cursors.encode(after)})


def one(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to one version of one file."""
    parameters.require_known(req.params, ())
    seen = ingestions.find(resources().engine, parameters.ingestion_id(req.route_params))
    return answer.json_value(status.of(dict(seen.entry), seen.members, seen.corrected_by))
