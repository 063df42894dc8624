"""Handles the row endpoints: first chunk, pages, and one row by its key."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import azure.functions as func
from sqlalchemy import Engine

from read_http import parameters, row_formats
from shared.contracts.base import Contract
from shared.datasets import catalog
from shared.errors import NotFound, TooLarge
from shared.http import requests, responses
from shared.queries import filters, first_rows, rows
from shared.queries.row_page import PageRequest
from shared.resources import resources
from shared.use_cases import edit_row

_LARGEST_ROW = 1024 * 1024


def page(req: func.HttpRequest) -> func.HttpResponse:
    """A page of rows, in the form that `Accept` asks for."""
    engine = resources().engine
    # A function key belongs into no link.
    asked_for = {name: text for name, text in req.params.items() if name != requests.KEY_PARAMETER}
    contract = rows.dataset_contract(engine, req.route_params["dataset"])
    found = rows.read_page(engine, contract, _asked(contract, req.url, asked_for))
    form, after = (
        row_formats.requested_format(req.headers.get("accept", "")),
        parameters.encode_cursor(found.next),
    )
    headers = {"Vary": "Accept"}
    if after is not None:
        query = urlencode({**asked_for, "after": after})
        headers["Link"] = f'<{urlsplit(req.url).path}?{query}>; rel="next"'
    text = form.write(found, after)
    return func.HttpResponse(text, mimetype=form.media_type, charset="utf-8", headers=headers)


def one(req: func.HttpRequest) -> func.HttpResponse:
    """The row with a key."""
    engine, contract, key = _addressed(req)
    found = rows.row_by_key(engine, contract, key)
    if found is None:
        raise NotFound("There is no row with this key.")
    return responses.json_text(found)


def put(req: func.HttpRequest) -> func.HttpResponse:
    """Write the row with a key: 201 where there was none, else 200."""
    engine, contract, key = _addressed(req)
    content = req.get_body()
    if len(content) > _LARGEST_ROW:
        raise TooLarge(f"A row of more than {_LARGEST_ROW} bytes belongs into a file.")
    written = edit_row.put_row(engine, edit_row.row_from_json(contract, content, key), key)
    return responses.json_text(written.row, HTTPStatus.CREATED if written.is_new else HTTPStatus.OK)


def delete(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the row with a key."""
    edit_row.delete_row(*_addressed(req))
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


def _addressed(req: func.HttpRequest) -> tuple[Engine, type[Contract], filters.Key]:
    engine = resources().engine
    requests.check_known(req.params, ())
    contract = rows.dataset_contract(engine, req.route_params["dataset"])
    return engine, contract, filters.parse_key(contract, req.route_params["key"])


def _asked(contract: type[Contract], url: str, asked_for: Mapping[str, str]) -> PageRequest:
    known = tuple(parameters.Page.model_fields)
    requests.check_plain(url, known)
    query = parameters.parse_parameters(parameters.Page, asked_for)
    return PageRequest(
        query.limit,
        parameters.decode_cursor(query.after, list),
        recent=query.order == "recent",
        filters=filters.parse_filters(contract, asked_for, known),
    )


def first_chunk(req: func.HttpRequest) -> func.HttpResponse:
    """The first rows of a dataset in load order, a JSON array of objects."""
    app = resources()
    query = parameters.parse_query(parameters.FirstChunk, req)
    known = catalog.require_dataset(app.engine, query.dataset or app.settings.default_dataset)
    return responses.json_text(first_rows.first_chunk(app.engine, known.contract, query.limit))
