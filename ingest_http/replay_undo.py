"""Handles replay and undo of an ingestion."""

from __future__ import annotations

import uuid
from http import HTTPStatus

import azure.functions as func
from loguru import logger

from shared.http import requests, responses
from shared.http.ingestion_models import Ingestion
from shared.queries import ingestions
from shared.resources import resources
from shared.use_cases import replay_load, undo_load


def replay(req: func.HttpRequest) -> func.HttpResponse:
    """Request that the version of the blob is loaded again; 202, since the load runs later."""
    app, ingestion_id = resources(), _ingestion_id(req)
    replay_load.request_replay(
        app.engine, app.uploads, ingestion_id, lambda path: replay_load.enqueue(app.replays, path)
    )
    logger.bind(ingestion=ingestion_id).info("replay requested")
    return _ingestion(ingestion_id, HTTPStatus.ACCEPTED)


def undo(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the rows of the load."""
    ingestion_id = _ingestion_id(req)
    undo_load.undo_load(resources().engine, ingestion_id)
    logger.bind(ingestion=ingestion_id).info("undone")
    return _ingestion(ingestion_id, HTTPStatus.OK)


def _ingestion_id(req: func.HttpRequest) -> uuid.UUID:
    requests.check_known(req.params, ())
    return requests.ingestion_id(req.route_params)


def _ingestion(ingestion_id: uuid.UUID, status: HTTPStatus) -> func.HttpResponse:
    view = ingestions.find_ingestion(resources().engine, ingestion_id)
    return responses.json_model(Ingestion.from_view(view), status)
