"""Handles `POST /api/ingest?dry_run=true`."""

from __future__ import annotations

from collections.abc import Mapping

import azure.functions as func

from ingest_http import parameters, request_files
from shared.errors import InvalidRequest
from shared.http import responses, upload_models
from shared.resources import resources

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def is_dry_run(query: Mapping[str, str]) -> bool:
    """Whether `dry_run` is true; raises `InvalidRequest` if it is neither true nor false."""
    text = query.get("dry_run", "false")
    if text.lower() not in _BOOLEANS:
        detail = f"dry_run must be true or false, not {text!r}."
        raise InvalidRequest(detail, [{"parameter": "dry_run", "detail": detail}])
    return _BOOLEANS[text.lower()]


def preview_files(req: func.HttpRequest) -> func.HttpResponse:
    """200 with the predicted result of each file, in the order of the request; nothing is stored."""
    from shared.use_cases import dry_run  # noqa: PLC0415 - imports pandas and pyarrow, which uploads do not need

    app = resources()
    to, faults = parameters.destination(req.params, app.settings, req.url)
    run = dry_run.dry_run(app.engine, to, request_files.request_files(req), faults)
    return responses.json_text(upload_models.dry_run_json(run, to.options))
