"""The answers of the reading functions: parse, ask one use case, respond."""

from __future__ import annotations

from http import HTTPStatus

import azure.functions as func

from read_http import queries
from shared import faults
from shared.datasets import catalog
from shared.http import answer
from shared.queries import load_rows
from shared.resources import resources
from shared.use_cases import health


def first_chunk(req: func.HttpRequest) -> func.HttpResponse:
    """The first rows of a dataset in load order, a JSON array of objects."""
    own = resources()
    query = queries.read(queries.FirstChunk, req)
    known = catalog.require(own.engine, query.dataset or own.settings.default_dataset)
    return answer.json_text(load_rows.first_chunk(own.engine, known.contract, query.limit))


def check_health() -> func.HttpResponse:
    """200 where every part answers, 503 where one does not; a line for each."""
    own = resources()
    parts = health.check(
        {
            faults.POSTGRES: lambda: health.probe_postgres(own.engine),
            faults.STORAGE: lambda: health.probe_storage(own.uploads),
        }
    )
    well = all(part.ok for part in parts)
    body = {"status": "ok" if well else "unavailable", "parts": [part.as_json() for part in parts]}
    return answer.json_value(body, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)
