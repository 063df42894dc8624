"""JSON responses, and errors as RFC 9457 problems."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import azure.functions as func
from loguru import logger

from shared.errors import (
    LoadFailed,
    RequestError,
    SettingsError,
    Unavailable,
    Unexpected,
    UnknownDataset,
    WrongOverride,
)

if TYPE_CHECKING:  # pydantic is imported by the first request, not with the app
    from shared.http.models import ResponseModel

Handler = Callable[[func.HttpRequest], func.HttpResponse]

_JSON = "application/json"
_PROBLEM = "application/problem+json"


def json_text(body: str, status: int = HTTPStatus.OK) -> func.HttpResponse:
    """A response with `body`, which is JSON already."""
    return func.HttpResponse(body, status_code=int(status), mimetype=_JSON)


def json_value(body: Mapping[str, Any], status: int = HTTPStatus.OK) -> func.HttpResponse:
    """A response with `body` as JSON."""
    return json_text(json.dumps(body, ensure_ascii=False), status)


def json_model(body: ResponseModel, status: int = HTTPStatus.OK) -> func.HttpResponse:
    """A response with `body` as JSON."""
    return json_value(body.as_json(), status)


def problem(status: int, detail: str, faults: Sequence[Mapping[str, Any]] = ()) -> func.HttpResponse:
    """A problem response: `type`, `title`, `status`, `detail`, and `errors` if there are `faults`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if faults:
        body["errors"] = list(faults)
    headers = {"Retry-After": "10"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    text = json.dumps(body, ensure_ascii=False)
    return func.HttpResponse(text, status_code=int(status), mimetype=_PROBLEM, headers=headers)


def problem_responses(handler: Handler) -> Handler:
    """Turn each error of `handler` into a problem; otherwise the platform answers 500 without a body."""

    @functools.wraps(handler)
    def wrapper(req: func.HttpRequest) -> func.HttpResponse:
        try:
            return handler(req)
        except Exception as exc:  # noqa: BLE001 - the caller gets a problem, the log gets the stack
            return _problem_for(exc)

    return wrapper


def _problem_for(exc: Exception) -> func.HttpResponse:
    match exc:
        case RequestError():
            return problem(exc.status, exc.message, exc.faults)
        case UnknownDataset():
            return problem(HTTPStatus.BAD_REQUEST, exc.message)
        case WrongOverride():
            return problem(HTTPStatus.BAD_REQUEST, exc.message, [{"detail": fault} for fault in exc.faults])
        case Unavailable():
            logger.warning("{}", exc)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, exc.message, exc.faults)
        case SettingsError() | LoadFailed():
            logger.error("{}\n{}", exc, Unexpected(exc).frames)
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, exc.message)
        case _:
            unexpected = Unexpected(exc)
            logger.error("{}\n{}", unexpected, unexpected.frames)
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The app failed. Its log has the details.")
