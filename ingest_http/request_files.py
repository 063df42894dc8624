"""Reads the files of a request: multipart with any number of them, or one raw body."""

from __future__ import annotations

import azure.functions as func

from shared.errors import InvalidRequest, LengthRequired, TooLarge
from shared.formats.compressions import MEDIA_TYPES
from shared.use_cases.upload_files import UploadedFile

_LARGEST_BODY = 104_857_600
"""Bytes; the platform's own limit, which answers before us in Azure."""

_ONE_FILE = {
    *("text/csv", "text/tab-separated-values", "text/plain", "application/csv", "application/octet-stream"),
    *MEDIA_TYPES,
}
"""What the file is, is told by its bytes, not by these."""


def request_files(request: func.HttpRequest) -> list[UploadedFile]:
    """The files that `request` carries, in order, under any field names.

    Raises `InvalidRequest`, `LengthRequired` or `TooLarge`.
    """
    body = request.get_body()
    _require_length(request, body)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _parts(request)
    if media_type in _ONE_FILE:
        return [UploadedFile(request.params.get("filename", "").strip(), body)]
    raise InvalidRequest(
        f"Content-Type {media_type or '(none)'} is not supported: send multipart/form-data with files, "
        "or one file as text/csv with ?filename=."
    )


def _require_length(request: func.HttpRequest, body: bytes) -> None:
    """The platform hands a chunked body over as an empty one, so it must not pass for an empty file."""
    if not body and "chunked" in request.headers.get("transfer-encoding", "").lower():
        raise LengthRequired
    if len(body) > _LARGEST_BODY:
        raise TooLarge


def _parts(request: func.HttpRequest) -> list[UploadedFile]:
    """The parts that are files.

    The library's parser yields nothing at all, and no error, for a body that is malformed, cut off or lacks
    its boundary, so an empty result of a body that is not empty is such a one.
    """
    parts: list[UploadedFile] = []
    for _, part in request.files.items(multi=True):  # noqa: PERF102 - values() gives one of each name
        with part.stream:  # a temporary file where it is big
            parts.append(UploadedFile(part.filename or "", part.read()))
    if request.get_body() and not parts and not request.form:
        raise InvalidRequest("The multipart body is malformed or cut off, or its boundary is not declared.")
    return parts
