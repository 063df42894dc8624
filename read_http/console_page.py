"""Serves the page of the console and its files."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func

from read_http import static_files
from shared.errors import SettingsError
from shared.resources import resources

_FOLDER = Path(__file__).parent / "console"
_PAGE = "index.html"


def serve_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page, which refers to its files by relative addresses."""
    if urlsplit(req.url).path.endswith("/"):
        return func.HttpResponse(status_code=int(HTTPStatus.FOUND), headers={"Location": "../console"})
    return static_files.serve_file(
        req, _FOLDER, _PAGE, {"Content-Security-Policy": static_files.policy(_storage_origins())}
    )


def serve_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the console."""
    return static_files.serve_file(
        req, _FOLDER, req.route_params["file"], {"Content-Security-Policy": static_files.policy()}
    )


def _storage_origins() -> list[str]:
    """The origin that big files are sent to; none without settings, so that the page can show the error."""
    try:
        address = urlsplit(resources().uploads.url)
    except SettingsError:
        return []
    return [f"{address.scheme}://{address.netloc}"]
