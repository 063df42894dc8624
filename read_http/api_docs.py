"""Serves the API description and Swagger UI."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func

from shared.errors import NotFound
from shared.http import openapi, responses

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
_HEADERS = {
    # Only files of the app: no scripts inside the page, and nothing from other origins.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_FILE_HEADERS = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CSV to Postgres: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{folder}/swagger-ui.css">
<div id="swagger-ui"></div>
<script src="{folder}/swagger-ui-bundle.js"></script>
<script src="{folder}/start.js"></script>
</html>
"""
_START = """SwaggerUIBundle({
  url: new URL("../openapi.json", document.currentScript.src).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""
_SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
_PACKAGE = "swagger_ui_bundle"


def serve_description(req: func.HttpRequest, blueprint: func.Blueprint) -> func.HttpResponse:
    """The OpenAPI 3.1 description of `ingest_http` and `blueprint`, the functions of this package."""
    import ingest_http  # noqa: PLC0415 - only this function needs the other package
    from ingest_http import api_description as ingest_description  # noqa: PLC0415
    from read_http import api_description  # noqa: PLC0415

    prefix = urlsplit(req.url).path.rstrip("/").rpartition("/")[0]
    routes = openapi.http_routes(ingest_http.blueprint, blueprint)
    operations = {**ingest_description.OPERATIONS, **api_description.OPERATIONS}
    return responses.json_value(openapi.document(routes, operations, prefix or "/"))


def serve_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page, which refers to its files by its own address."""
    folder = urlsplit(req.url).path.rstrip("/")
    return func.HttpResponse(
        _PAGE.format(folder=folder), mimetype="text/html", charset="utf-8", headers=_HEADERS
    )


def serve_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the page."""
    name = req.route_params["file"]
    if name != "start.js" and name not in _SWAGGER_FILES:
        raise NotFound(f"There is no file {name!r}.")
    content = _START.encode() if name == "start.js" else _content(name)
    media_type = _MEDIA_TYPES[Path(name).suffix]
    return func.HttpResponse(content, mimetype=media_type, charset="utf-8", headers=_FILE_HEADERS)


@cache
def _content(name: str) -> bytes:
    """A file of Swagger UI from its package, which is not imported, since it imports more than the files."""
    spec = find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise RuntimeError(f"{_PACKAGE} is not installed")
    (file,) = Path(folders[0]).glob(f"vendor/swagger-ui-*/{name}")
    return file.read_bytes()
