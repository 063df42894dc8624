"""Errors as problems: what the caller may know is told, the rest is in the log."""

from __future__ import annotations

import json

import azure.functions as func
import pytest

from shared.errors import IngestError, LoadFailed, SettingsError
from shared.http import responses


@pytest.mark.parametrize(
    ("exc", "told"),
    [
        (LoadFailed("storage refused the request: status 409"), "storage refused the request: status 409"),
        (SettingsError("UPLOADS is missing"), "UPLOADS is missing"),
        (ValueError("Ada Byron"), "The app failed; its log says where."),
    ],
)
def test_a_failure_of_ours_says_what_is_known_of_it(exc: IngestError | ValueError, told: str) -> None:
    @responses.problem_responses
    def fail(_: func.HttpRequest) -> func.HttpResponse:
        raise exc

    found = fail(func.HttpRequest("GET", "http://127.0.0.1/api/x", body=b""))

    assert (found.status_code, found.mimetype) == (500, "application/problem+json")
    assert json.loads(found.get_body())["detail"] == told
