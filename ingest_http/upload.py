"""Handles `POST /api/ingest`: stores the files of a request and may wait for their loads."""

from __future__ import annotations

import re
from http import HTTPStatus
from urllib.parse import urljoin

import azure.functions as func
from loguru import logger

from ingest_http import parameters, request_files
from shared.http import responses, upload_models
from shared.http.upload_models import Accepted, Stored
from shared.resources import resources
from shared.storage.blobs import Upload
from shared.use_cases import upload_files, wait_for_loads
from shared.use_cases.upload_files import UploadedFile

MAX_WAIT_SECONDS = 60
"""A longer wait is cut to this: a waiting request occupies a thread."""

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)


def wait_seconds(header: str) -> int:
    """The seconds of `wait` in a `Prefer` header; 0 if it is missing or invalid (RFC 7240)."""
    wait = _WAIT.search(header)
    return min(int(wait[1]), MAX_WAIT_SECONDS) if wait else 0


def accept_files(req: func.HttpRequest) -> func.HttpResponse:
    """Store one or many files; 202 with an entry for each, in the order of the request.

    200 with the results, if the request prefers to wait and all files are finished in time.
    """
    app = resources()
    to, faults = parameters.destination(req.params, app.settings, req.url)
    files = request_files.request_files(req)
    stored = upload_files.store_files(app.uploads, to, files, faults)
    upload_files.register_uploads(app.engine, stored, to.dataset)
    for upload in stored:
        logger.bind(ingestion=upload.version.ingestion_id, dataset=to.dataset).info(
            "stored {} bytes", upload.size
        )
    entries = [_stored(upload, file, req.url) for upload, file in zip(stored, files, strict=True)]
    body = Accepted(dataset=to.dataset, told=to.options.as_json(), files=entries)
    seconds = wait_seconds(req.headers.get("prefer", ""))
    ids = [upload.version.ingestion_id for upload in stored]
    loads = wait_for_loads.wait_for_loads(app.engine, ids, seconds) if seconds else None
    if loads is None:
        return responses.json_model(body, HTTPStatus.ACCEPTED)
    response = responses.json_text(upload_models.outcomes_json(body, loads))
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def _stored(upload: Upload, file: UploadedFile, url: str) -> Stored:
    ingestion_id = str(upload.version.ingestion_id)
    return Stored(
        ingestion_id=ingestion_id,
        filename=upload.filename,
        blob=f"{upload.version.container}/{upload.version.path}",
        size=upload.size,
        sha256=file.sha256,
        status_url=urljoin(url, f"ingestions/{ingestion_id}"),
    )
