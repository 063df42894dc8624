"""Handles `GET /api/health`."""

from __future__ import annotations

from http import HTTPStatus

import azure.functions as func

from shared import driver_errors
from shared.http import responses
from shared.http.models import Health
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
    is_well = all(part.ok for part in parts)
    body = Health.model_validate({"status": "ok" if is_well else "unavailable", "parts": parts})
    return responses.json_model(body, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)
