"""Takes the files of a request: parse, store, answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import azure.functions as func
from loguru import logger

from ingest_http import form, parameters, preferring
from shared.http import answer, status
from shared.resources import resources
from shared.storage.uploads import Upload
from shared.use_cases import noting, uploading, waiting
from shared.use_cases.uploading import File
from shared.use_cases.waiting import Arrived


def accept(req: func.HttpRequest) -> func.HttpResponse:
    """Store one or many files; 202 with an entry for each, in the request's order.

    200 with what became of each, where the request prefers to wait and all are settled by then.
    """
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
    seconds = preferring.wait(req.headers.get("prefer", ""))
    ids = [upload.version.ingestion_id for upload in stored]
    arrived = waiting.settled(own.engine, ids, seconds) if seconds else None
    if arrived is None:
        return answer.json_value(body, HTTPStatus.ACCEPTED)
    response = answer.json_text(_with_outcomes(body, arrived))
    response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def _with_outcomes(body: dict[str, Any], arrived: Sequence[Arrived]) -> str:
    """The body with the final entry of each file; rows are JSON already, with all digits of their numbers."""
    files = []
    for entry, one in zip(body["files"], arrived, strict=True):
        outcome = status.of(dict(one.seen.entry), one.seen.members, one.seen.corrected_by)
        text = json.dumps({**entry, **outcome}, ensure_ascii=False, default=str)
        files.append(f'{text[:-1]}, "first_rows": [{", ".join(one.first_rows)}]}}')
    rest = json.dumps({name: value for name, value in body.items() if name != "files"}, ensure_ascii=False)
    return f'{rest[:-1]}, "files": [{", ".join(files)}]}}'


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
