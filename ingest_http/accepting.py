"""Takes the files of a request: parse, store, answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import azure.functions as func
from loguru import logger

from ingest_http import form, parameters
from shared import noting, uploading
from shared.http import answer
from shared.resources import resources
from shared.storage.uploads import Upload
from shared.uploading import File


def accept(req: func.HttpRequest) -> func.HttpResponse:
    """Store one or many files; 202 with an entry for each, in the request's order."""
    own = resources()
    to, faults = parameters.destination(req.params, own.settings, req.url)
    files = form.files(req)
    stored = uploading.store(own.uploads, to, files, faults)
    noting.note(own.engine, stored, to.dataset)
    for upload in stored:
        logger.bind(ingestion=upload.version.ingestion_id, dataset=to.dataset).info(
            "stored {} bytes", upload.size
        )
    entries = [_entry(upload, file, req.url) for upload, file in zip(stored, files, strict=True)]
    body = {"dataset": to.dataset, "told": to.told.as_json(), "files": entries}
    return answer.json_value(body, HTTPStatus.ACCEPTED)


def _entry(upload: Upload, file: File, url: str) -> dict[str, Any]:
    ingestion_id = str(upload.version.ingestion_id)
    return {
        "ingestion_id": ingestion_id,
        "filename": upload.filename,
        "blob": f"{upload.version.container}/{upload.version.path}",
        "size": upload.size,
        "sha256": file.sha256,
        "status_url": urljoin(url, f"ingestions/{ingestion_id}"),
    }
