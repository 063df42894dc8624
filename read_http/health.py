"""Handles `GET /api/health`."""

from __future__ import annotations

from http import HTTPStatus

import azure.functions as func

from shared import driver_errors
from shared.http import responses
from shared.resources import resources
from shared.use_cases import check_health


def health() -> func.HttpResponse:
    """200 where every part answers, 503 where one does not; a line for each."""
    app = resources()
    parts = check_health.check_health(
        {
            driver_errors.POSTGRES: lambda: check_health.probe_postgres(app.engine),
            driver_errors.STORAGE: lambda: check_health.probe_storage(app.uploads),
        }
    )
    well = all(part.ok for part in parts)
    body = {"status": "ok" if well else "unavailable", "parts": [part.as_json() for part in parts]}
    return responses.json_value(body, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
