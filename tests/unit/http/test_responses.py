"""Errors as problem responses: the caller gets no internal details, the log does."""

from __future__ import annotations

import json

import azure.functions as func
import pytest

from shared.errors import IngestError, LoadFailed, SettingsError
from shared.http import responses


@pytest.mark.parametrize(
    ("exc", "detail"),
    [
        (LoadFailed("storage refused the request: status 409"), "storage refused the request: status 409"),
        (SettingsError("UPLOADS is missing"), "UPLOADS is missing"),
        (ValueError("Ada Byron"), "The app failed. Its log has the details."),
    ],
)
def test_an_internal_error_has_a_detail_without_values(exc: IngestError | ValueError, detail: str) -> None:
    @responses.problem_responses
    def fail(_: func.HttpRequest) -> func.HttpResponse:
        raise exc

    response = fail(func.HttpRequest("GET", "http://127.0.0.1/api/x", body=b""))

    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert json.loads(response.get_body())["detail"] == detail
