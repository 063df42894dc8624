"""The console: the page itself, and the files that it is made of."""

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


def page(req: func.HttpRequest) -> func.HttpResponse:
    """The page, which names its files relative to its own address."""
    if urlsplit(req.url).path.endswith("/"):
        return func.HttpResponse(status_code=int(HTTPStatus.FOUND), headers={"Location": "../console"})
    return static_files.serve_file(
        req, _FOLDER, _PAGE, {"Content-Security-Policy": static_files.policy(_storage())}
    )


def file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the page."""
    return static_files.serve_file(
        req, _FOLDER, req.route_params["file"], {"Content-Security-Policy": static_files.policy()}
    )


def _storage() -> list[str]:
    """The origin that big files are sent to; without settings the page can still say what is wrong."""
    try:
        address = urlsplit(resources().uploads.url)
    except SettingsError:
        return []
    return [f"{address.scheme}://{address.netloc}"]
