"""Handles `GET /api/health`."""

from __future__ import annotations

from http import HTTPStatus

import azure.functions as func

from shared import driver_errors
from shared.http import responses
from shared.http.models import Health
from shared.resources import resources
from shared.use_cases import check_health as probes


def check_health() -> func.HttpResponse:
    """200 if Postgres and storage answer, 503 if one does not; an entry for each."""
    app = resources()
    parts = probes.check_health(
        {
            driver_errors.POSTGRES: lambda: probes.probe_postgres(app.engine),
            driver_errors.STORAGE: lambda: probes.probe_storage(app.uploads),
        }
    )
    is_well = all(part.ok for part in parts)
    body = Health.model_validate({"status": "ok" if is_well else "unavailable", "parts": parts})
    return responses.json_model(body, HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE)
