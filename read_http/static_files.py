"""Serves static files with entity tags and a content security policy."""

from __future__ import annotations

import functools
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import azure.functions as func

from shared.errors import NotFound

_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}

_HEADERS = {
    # Browsers ask each time and mostly get 304, so a page never mixes files of two deployments.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    """A file of a page; its entity tag is weak, since the plain and the compressed content share it."""

    content: bytes
    compressed: bytes
    media_type: str
    entity_tag: str


def policy(connects_to: Sequence[str] = ()) -> str:
    """A Content-Security-Policy that allows only files of the app, and no HTML made from text.

    Requests can also go to the origins `connects_to`.
    """
    connections = " ".join(["'self'", *connects_to])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src {connections}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def serve_file(
    req: func.HttpRequest, folder: Path, name: str, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """The file `name` of `folder`, or 304 if the caller has it; raises `NotFound`."""
    file = files(folder).get(name)
    if file is None:
        raise NotFound(f"There is no file {name!r}.")
    headers = {**_HEADERS, "ETag": file.entity_tag, **(headers or {})}
    if file.entity_tag in req.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=int(HTTPStatus.NOT_MODIFIED), headers=headers)
    content = file.content
    if "gzip" in req.headers.get("accept-encoding", ""):  # the platform itself compresses nothing
        content, headers["Content-Encoding"] = file.compressed, "gzip"
    return func.HttpResponse(content, mimetype=file.media_type, charset="utf-8", headers=headers)


@functools.cache
def files(folder: Path) -> Mapping[str, File]:
    """The files of a folder by name, read once; no other files are served."""
    return {path.name: _read(path) for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES}


def _read(path: Path) -> File:
    content = path.read_bytes()
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    return File(content, gzip.compress(content, mtime=0), _MEDIA_TYPES[path.suffix], tag)
