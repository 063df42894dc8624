"""The answers about the rejects of an ingestion: pages in JSON, or a CSV file to be mended and sent again."""

from __future__ import annotations

import uuid
from urllib.parse import quote, urlencode

import azure.functions as func

from read_http import cursors, forms, queries
from shared.http import answer, parameters
from shared.queries import correcting
from shared.queries.correcting import Sheet
from shared.resources import resources

_DEFAULT_LIMIT = 50
_HIGHEST_LIMIT = 1000


def of(req: func.HttpRequest) -> func.HttpResponse:
    """In the form that the request accepts."""
    query = queries.read(queries.Rejects, req)
    ingestion_id = parameters.ingestion_id(req.route_params)
    after = cursors.decode(query.after, int)
    if forms.asked(req.headers.get("accept", "")).media_type == "text/csv":
        return _file(
            req, ingestion_id, correcting.sheet(resources().engine, ingestion_id, after, query.limit)
        )
    limit = query.limit or _DEFAULT_LIMIT
    if limit > _HIGHEST_LIMIT:
        raise parameters.wrong("limit", f"limit: in JSON a page has at most {_HIGHEST_LIMIT}, not {limit}.")
    found, rest = correcting.page(resources().engine, ingestion_id, after, limit)
    return answer.json_value({"rejects": found, "next": cursors.encode(rest)})


def _file(req: func.HttpRequest, ingestion_id: uuid.UUID, sheet: Sheet) -> func.HttpResponse:
    plain = sheet.filename.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(sheet.filename)}",
        "X-Ingestion-Corrects": str(ingestion_id),
    }
    if sheet.next is not None:
        query = urlencode({"limit": req.params["limit"], "after": cursors.encode(sheet.next)})
        headers["Link"] = f'<{req.url.partition("?")[0]}?{query}>; rel="next"'
    return func.HttpResponse(sheet.content, mimetype="text/csv", charset="utf-8", headers=headers)
