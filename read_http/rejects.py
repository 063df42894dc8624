"""Handles the rejects of an ingestion: pages in JSON, or a CSV file to correct and upload again."""

from __future__ import annotations

import uuid
from urllib.parse import quote, urlencode

import azure.functions as func

from read_http import parameters, row_formats
from shared.http import ingestion_models, requests, responses
from shared.queries import rejects
from shared.queries.rejects import RejectFile
from shared.resources import resources

_DEFAULT_LIMIT = 50
_MAX_JSON_LIMIT = 1000


def list_rejects(req: func.HttpRequest) -> func.HttpResponse:
    """The rejects in the format that the request accepts."""
    query = parameters.parse_query(parameters.Rejects, req)
    ingestion_id = requests.ingestion_id(req.route_params)
    after = parameters.decode_cursor(query.after, int)
    engine = resources().engine
    if row_formats.requested_format(req.headers.get("accept", "")).media_type == "text/csv":
        return _csv(req, ingestion_id, rejects.reject_file(engine, ingestion_id, after, query.limit))
    limit = query.limit or _DEFAULT_LIMIT
    if limit > _MAX_JSON_LIMIT:
        detail = f"limit can be at most {_MAX_JSON_LIMIT} in JSON, not {limit}."
        raise requests.parameter_error("limit", detail)
    page, rest = rejects.reject_page(engine, ingestion_id, after, limit)
    body = ingestion_models.Rejects.model_validate({"rejects": page, "next": parameters.encode_cursor(rest)})
    return responses.json_model(body)


def _csv(req: func.HttpRequest, ingestion_id: uuid.UUID, file: RejectFile) -> func.HttpResponse:
    ascii_name = file.filename.encode("ascii", "replace").decode().replace("?", "_")
    names = f"filename=\"{ascii_name}\"; filename*=UTF-8''{quote(file.filename)}"
    headers = {"Content-Disposition": f"attachment; {names}", "X-Ingestion-Corrects": str(ingestion_id)}
    if file.next is not None:
        query = urlencode({"limit": req.params["limit"], "after": parameters.encode_cursor(file.next)})
        headers["Link"] = f'<{req.url.partition("?")[0]}?{query}>; rel="next"'
    return func.HttpResponse(file.content, mimetype="text/csv", charset="utf-8", headers=headers)
