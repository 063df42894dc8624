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

_MAX_ROW_BYTES = 1024 * 1024


def first_chunk(req: func.HttpRequest) -> func.HttpResponse:
    """The first rows of a dataset in load order, a JSON array of objects."""
    app = resources()
    query = parameters.parse_query(parameters.FirstChunk, req)
    dataset = catalog.require_dataset(app.engine, query.dataset or app.settings.default_dataset)
    return responses.json_text(first_rows.first_chunk(app.engine, dataset.contract, query.limit))


def list_rows(req: func.HttpRequest) -> func.HttpResponse:
    """A page of rows, in the format that `Accept` prefers."""
    engine = resources().engine
    # A function key must not be in a link.
    given = {name: text for name, text in req.params.items() if name != requests.KEY_PARAMETER}
    contract = rows.dataset_contract(engine, req.route_params["dataset"])
    page = rows.read_page(engine, contract, _page_request(contract, req.url, given))
    row_format = row_formats.requested_format(req.headers.get("accept", ""))
    cursor = parameters.encode_cursor(page.next)
    headers = {"Vary": "Accept"}
    if cursor is not None:
        query = urlencode({**given, "after": cursor})
        headers["Link"] = f'<{urlsplit(req.url).path}?{query}>; rel="next"'
    text = row_format.write(page, cursor)
    return func.HttpResponse(text, mimetype=row_format.media_type, charset="utf-8", headers=headers)


def read_row(req: func.HttpRequest) -> func.HttpResponse:
    """The row with this key."""
    row = rows.row_by_key(*_row_address(req))
    if row is None:
        raise NotFound("There is no row with this key.")
    return responses.json_text(row)


def put_row(req: func.HttpRequest) -> func.HttpResponse:
    """Write the row with this key: 201 if it is new, else 200."""
    engine, contract, key = _row_address(req)
    content = req.get_body()
    if len(content) > _MAX_ROW_BYTES:
        raise TooLarge(f"The row has more than {_MAX_ROW_BYTES} bytes. Upload it in a file.")
    written = edit_row.put_row(engine, edit_row.row_from_json(contract, content, key), key)
    return responses.json_text(written.row, HTTPStatus.CREATED if written.is_new else HTTPStatus.OK)


def delete_row(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the row with this key."""
    edit_row.delete_row(*_row_address(req))
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


def _row_address(req: func.HttpRequest) -> tuple[Engine, type[Contract], filters.Key]:
    engine = resources().engine
    requests.check_known(req.params, ())
    contract = rows.dataset_contract(engine, req.route_params["dataset"])
    return engine, contract, filters.parse_key(contract, req.route_params["key"])


def _page_request(contract: type[Contract], url: str, given: Mapping[str, str]) -> PageRequest:
    known = tuple(parameters.Page.model_fields)
    requests.check_single_values(url, known)
    query = parameters.parse_parameters(parameters.Page, given)
    return PageRequest(
        query.limit,
        parameters.decode_cursor(query.after, list),
        recent=query.order == "recent",
        filters=filters.parse_filters(contract, given, known),
    )
