"""Describes the operations of `ingest_http` for OpenAPI."""

from __future__ import annotations

from ingest_http.big_upload import Announced
from ingest_http.parameters import IngestQuery, UploadQuery
from shared.http import ingest_models, models
from shared.http.openapi import Operation, ResponseSpec

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
            202: ResponseSpec("They are stored, and will be loaded", ingest_models.Accepted),
            200: ResponseSpec(
                "What became of them (`Prefer: wait`), or would (`dry_run`)",
                ingest_models.Settled,
                headers={"Preference-Applied": "`wait=` and the seconds"},
            ),
        },
        query=IngestQuery,
        parameters=(_PREFER,),
        media={"multipart/form-data": _FILES, "text/csv": _FILE},
        problems=(400, 404, 409, 411, 413, 503),
    ),
    Operation(
        "uploads",
        "POST",
        "/uploads",
        "An address to upload one big file to",
        {201: ResponseSpec("The address, for an hour", ingest_models.SignedUpload)},
        query=UploadQuery,
        body=Announced,
        problems=(400, 409, 503),
    ),
    Operation(
        "replay_ingestion",
        "POST",
        "/ingestions/{id}/replay",
        "Load that version of the file again",
        {202: ResponseSpec("The entry", models.Ingestion)},
        problems=(400, 404, 409, 410, 503),
    ),
    Operation(
        "undo_ingestion",
        "DELETE",
        "/ingestions/{id}",
        "Take the rows of a load away",
        {200: ResponseSpec("The entry", models.Ingestion)},
        problems=(400, 404, 409, 503),
    ),
)
