"""The operations of `ingest_http`, described: one for each function of `handler`."""

from __future__ import annotations

from ingest_http.direct import Announced
from ingest_http.queries import Ingest, Upload
from shared.http import arrivals, models
from shared.http.operation import Answer, Operation

_FILE = {"type": "string", "contentMediaType": "text/csv"}
_PART = {"type": "string", "format": "binary"}  # which Swagger UI shows a file chooser for
_FILES = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": _PART, "description": "Parts may have other names."}},
    "additionalProperties": _PART,
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`wait=20`: answer when the files are loaded, but within that many seconds (at most 60).",
}

OPERATIONS = (
    Operation(
        "ingest",
        "POST",
        "/ingest",
        "Load files, or see what would become of them",
        {
            202: Answer("They are stored, and will be loaded", arrivals.Accepted),
            200: Answer(
                "What became of them (`Prefer: wait`), or would (`dry_run`)",
                arrivals.Settled,
                headers={"Preference-Applied": "`wait=` and the seconds"},
            ),
        },
        query=Ingest,
        parameters=(_PREFER,),
        media={"multipart/form-data": _FILES, "text/csv": _FILE},
        problems=(400, 404, 409, 411, 413, 503),
    ),
    Operation(
        "uploads",
        "POST",
        "/uploads",
        "An address to upload one big file to",
        {201: Answer("The address, for an hour", models.SignedUpload)},
        query=Upload,
        body=Announced,
        problems=(400, 409, 503),
    ),
    Operation(
        "replay_ingestion",
        "POST",
        "/ingestions/{id}/replay",
        "Load that version of the file again",
        {202: Answer("The entry", models.Ingestion)},
        problems=(400, 404, 409, 410, 503),
    ),
    Operation(
        "undo_ingestion",
        "DELETE",
        "/ingestions/{id}",
        "Take the rows of a load away",
        {200: Answer("The entry", models.Ingestion)},
        problems=(400, 404, 409, 503),
    ),
)
