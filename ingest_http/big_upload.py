"""Handles `POST /api/uploads`: a signed URL for a file too big for a request body."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urljoin

import azure.functions as func
from pydantic import Field

from ingest_http import parameters
from shared.http import responses
from shared.http.requests import JsonBody, parse_body
from shared.http.upload_models import SignedUpload
from shared.resources import resources
from shared.storage import blobs, sas_url
from shared.use_cases import upload_files

_MISPLACED = {
    "dataset": "Send dataset in the body, not in the query.",
    "filename": "Send filename in the body, not in the query.",
    "dry_run": "dry_run is a parameter of POST /api/ingest.",
}

_MAX_FILE_BYTES = 50_000 * 4000 * 1024 * 1024
"""The limit of a blob: 50,000 blocks of 4,000 MiB."""


class Announced(JsonBody):
    """The file to upload; `size` in bytes."""

    dataset: Annotated[str, Field(min_length=1)]
    filename: Annotated[str, Field(min_length=1, max_length=1000)]
    size: Annotated[int, Field(ge=1, le=_MAX_FILE_BYTES)]


def create_upload_url(req: func.HttpRequest) -> func.HttpResponse:
    """201 with the address, the headers to send with the file, and the address of its result."""
    app = resources()
    announced = parse_body(req.get_body(), Announced)
    misplaced = [
        {"parameter": name, "detail": detail} for name, detail in _MISPLACED.items() if name in req.params
    ]
    given = {**req.params, "dataset": announced.dataset}
    to, faults = parameters.destination(given, app.settings, req.url)
    path = upload_files.reserve_path(to, announced.filename, [*misplaced, *faults])
    by_identity = bool(app.settings.storage_account_url)
    signed = sas_url.sign_upload(app.uploads, path, by_identity=by_identity)
    blob = f"{app.uploads.container_name}/{path}"
    metadata = blobs.blob_metadata(announced.filename, to.options)
    body = SignedUpload(
        url=signed.url,
        method="PUT",
        headers={
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "text/csv",
            **{f"x-ms-meta-{name}": text for name, text in metadata.items()},
        },
        blob=blob,
        expires_at=signed.expires_at.isoformat(),
        status_url=urljoin(req.url, f"ingestions?blob={quote(blob, safe='/')}"),
    )
    return responses.json_model(body, HTTPStatus.CREATED)
