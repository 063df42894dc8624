"""Describes the functions of `ingest_http` for OpenAPI, by function name."""

from __future__ import annotations

from ingest_http.big_upload import Announced
from ingest_http.parameters import IngestQuery, UploadQuery
from shared.http import ingestion_models, upload_models
from shared.http.openapi import Operation, ResponseSpec

_FILE = {"type": "string", "contentMediaType": "text/csv"}
_PART = {"type": "string", "format": "binary"}  # Swagger UI shows a file chooser for this format
_FILES = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": _PART, "description": "The form field may have any name."}
    },
    "additionalProperties": _PART,
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "schema": {"type": "string"},
    "description": "`wait=20`: wait up to 20 seconds (at most 60) for the result. The response is 202 as "
    "without this header if the time is over, or if two requests of this process wait already.",
}

OPERATIONS = {
    "ingest": Operation(
        "Upload files, or preview them",
        {
            202: ResponseSpec("The files are stored and will be loaded", upload_models.Accepted),
            200: ResponseSpec(
                "The results (`Prefer: wait`), or a preview (`dry_run`)",
                upload_models.Settled,
                headers={"Preference-Applied": "`wait=` and the seconds"},
            ),
        },
        query=IngestQuery,
        parameters=(_PREFER,),
        media={"multipart/form-data": _FILES, "text/csv": _FILE},
        problems=(400, 404, 409, 411, 413, 503),
        description="A body may have 104,857,600 bytes. The Functions host answers larger bodies with 500; "
        "the app answers 413 if the limit of the host is raised. Send larger files with `POST /uploads`.",
    ),
    "uploads": Operation(
        "Get an address for the upload of one big file",
        {201: ResponseSpec("The address, valid for one hour", upload_models.SignedUpload)},
        query=UploadQuery,
        body=Announced,
        problems=(400, 409, 503),
    ),
    "replay_ingestion": Operation(
        "Load this version of the file again",
        {202: ResponseSpec("The ingestion", ingestion_models.Ingestion)},
        problems=(400, 404, 409, 410, 503),
    ),
    "undo_ingestion": Operation(
        "Delete the rows of a load",
        {200: ResponseSpec("The ingestion", ingestion_models.Ingestion)},
        problems=(400, 404, 409, 503),
    ),
}
