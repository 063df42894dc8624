"""Loads an ingestion again, or undoes it: parse, ask one use case, respond with the entry."""

from __future__ import annotations

import uuid
from http import HTTPStatus

import azure.functions as func
from loguru import logger

from shared.http import answer, parameters, status
from shared.queries import ingestions
from shared.resources import resources
from shared.use_cases import redelivery, replaying, undoing


def replay(req: func.HttpRequest) -> func.HttpResponse:
    """Have that version of the blob loaded again; 202, since the load takes its time."""
    own, ingestion_id = resources(), _asked(req)
    replaying.request(own.engine, own.uploads, ingestion_id, lambda path: redelivery.send(own.replays, path))
    logger.bind(ingestion=ingestion_id).info("a replay was asked for")
    return _entry(ingestion_id, HTTPStatus.ACCEPTED)


def undo(req: func.HttpRequest) -> func.HttpResponse:
    """Take the rows of the load away."""
    ingestion_id = _asked(req)
    undoing.undo(resources().engine, ingestion_id)
    logger.bind(ingestion=ingestion_id).info("undone")
    return _entry(ingestion_id, HTTPStatus.OK)


def _asked(req: func.HttpRequest) -> uuid.UUID:
    parameters.require_known(req.params, ())
    return parameters.ingestion_id(req.route_params)


def _entry(ingestion_id: uuid.UUID, code: HTTPStatus) -> func.HttpResponse:
    seen = ingestions.find(resources().engine, ingestion_id)
    return answer.json_value(status.of(dict(seen.entry), seen.members, seen.corrected_by), code)
