"""The answers about the rejects of an ingestion: pages in JSON, or a CSV file to be mended and sent again."""

from __future__ import annotations

import uuid
from urllib.parse import quote, urlencode

import azure.functions as func

from read_http import parameters, row_formats
from shared.http import models, requests, responses
from shared.queries import rejects
from shared.queries.rejects import RejectFile
from shared.resources import resources

_DEFAULT_LIMIT = 50
_HIGHEST_LIMIT = 1000


def list_rejects(req: func.HttpRequest) -> func.HttpResponse:
    """In the form that the request accepts."""
    query = parameters.parse_query(parameters.Rejects, req)
    ingestion_id = requests.ingestion_id(req.route_params)
    after = parameters.decode_cursor(query.after, int)
    if row_formats.requested_format(req.headers.get("accept", "")).media_type == "text/csv":
        return _file(
            req, ingestion_id, rejects.reject_file(resources().engine, ingestion_id, after, query.limit)
        )
    limit = query.limit or _DEFAULT_LIMIT
    if limit > _HIGHEST_LIMIT:
        raise requests.parameter_error(
            "limit", f"limit: in JSON a page has at most {_HIGHEST_LIMIT}, not {limit}."
        )
    found, rest = rejects.reject_page(resources().engine, ingestion_id, after, limit)
    page = models.Rejects.model_validate({"rejects": found, "next": parameters.encode_cursor(rest)})
    return responses.json_model(page)


def _file(req: func.HttpRequest, ingestion_id: uuid.UUID, sheet: RejectFile) -> func.HttpResponse:
    plain = sheet.filename.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(sheet.filename)}",
        "X-Ingestion-Corrects": str(ingestion_id),
    }
    if sheet.next is not None:
        query = urlencode({"limit": req.params["limit"], "after": parameters.encode_cursor(sheet.next)})
        headers["Link"] = f'<{req.url.partition("?")[0]}?{query}>; rel="next"'
    return func.HttpResponse(sheet.content, mimetype="text/csv", charset="utf-8", headers=headers)
