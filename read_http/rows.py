"""The answers about rows: parse, ask one use case, respond."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import azure.functions as func
from sqlalchemy import Engine

from read_http import cursors, forms, queries
from shared.contracts.base import Contract
from shared.errors import NotFound, TooLarge
from shared.http import answer, parameters
from shared.queries import browse, filters, keys
from shared.queries.page import Asked
from shared.resources import resources
from shared.use_cases import body, edit

_LARGEST_ROW = 1024 * 1024


def page(req: func.HttpRequest) -> func.HttpResponse:
    """A page of rows, in the form that `Accept` asks for."""
    engine = resources().engine
    # A function key belongs into no link.
    asked_for = {name: text for name, text in req.params.items() if name != parameters.PLATFORMS}
    contract = browse.contract_of(engine, req.route_params["dataset"])
    found = browse.page(engine, contract, _asked(contract, req.url, asked_for))
    form, after = forms.asked(req.headers.get("accept", "")), cursors.encode(found.after)
    headers = {"Vary": "Accept"}
    if after is not None:
        query = urlencode({**asked_for, "after": after})
        headers["Link"] = f'<{urlsplit(req.url).path}?{query}>; rel="next"'
    text = form.write(found, after)
    return func.HttpResponse(text, mimetype=form.media_type, charset="utf-8", headers=headers)


def one(req: func.HttpRequest) -> func.HttpResponse:
    """The row with a key."""
    engine, contract, key = _addressed(req)
    found = browse.row(engine, contract, key)
    if found is None:
        raise NotFound("There is no row with this key.")
    return answer.json_text(found)


def put(req: func.HttpRequest) -> func.HttpResponse:
    """Write the row with a key: 201 where there was none, else 200."""
    engine, contract, key = _addressed(req)
    content = req.get_body()
    if len(content) > _LARGEST_ROW:
        raise TooLarge(f"A row of more than {_LARGEST_ROW} bytes belongs into a file.")
    written = edit.put(engine, body.read(contract, content, key), key)
    return answer.json_text(written.row, HTTPStatus.CREATED if written.is_new else HTTPStatus.OK)


def delete(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the row with a key."""
    edit.delete(*_addressed(req))
    return func.HttpResponse(status_code=HTTPStatus.NO_CONTENT)


def _addressed(req: func.HttpRequest) -> tuple[Engine, type[Contract], keys.Key]:
    engine = resources().engine
    parameters.require_known(req.params, ())
    contract = browse.contract_of(engine, req.route_params["dataset"])
    return engine, contract, keys.read(contract, req.route_params["key"])


def _asked(contract: type[Contract], url: str, asked_for: Mapping[str, str]) -> Asked:
    known = tuple(queries.Page.model_fields)
    parameters.require_plain(url, known)
    query = queries.parse(queries.Page, asked_for)
    return Asked(
        query.limit,
        cursors.decode(query.after, list),
        recent=query.order == "recent",
        filters=filters.read(contract, asked_for, known),
    )
