"""Reads the files of a request: any number in a multipart body, or one as the whole body."""

from __future__ import annotations

import azure.functions as func

from shared.errors import InvalidRequest, LengthRequired, TooLarge
from shared.formats.compressions import MEDIA_TYPES
from shared.use_cases.upload_files import UploadedFile

_MAX_BODY_BYTES = 104_857_600
"""The default limit of the Functions host, which answers larger bodies itself; its limit can be raised."""

_FILE_TYPES = {
    *("text/csv", "text/tab-separated-values", "text/plain", "application/csv", "application/octet-stream"),
    *MEDIA_TYPES,
}
"""Content types of a body that is a file. The file itself is detected from its bytes."""


def request_files(request: func.HttpRequest) -> list[UploadedFile]:
    """The files of `request` in order; form fields can have any names.

    Raises `InvalidRequest`, `LengthRequired` or `TooLarge`.
    """
    body = request.get_body()
    _check_length(request, body)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "multipart/form-data":
        return _form_files(request)
    if media_type in _FILE_TYPES:
        return [UploadedFile(request.params.get("filename", "").strip(), body)]
    raise InvalidRequest(
        f"Content-Type {media_type or '(none)'} is not supported. Send files as multipart/form-data, or one "
        "file as text/csv with ?filename=<name>."
    )


def _check_length(request: func.HttpRequest, body: bytes) -> None:
    """Refuse chunked bodies, which the platform delivers empty: they would count as an empty file."""
    if not body and "chunked" in request.headers.get("transfer-encoding", "").lower():
        raise LengthRequired
    if len(body) > _MAX_BODY_BYTES:
        raise TooLarge


def _form_files(request: func.HttpRequest) -> list[UploadedFile]:
    """The files of a multipart body.

    For a body that is malformed, incomplete or without a boundary, the library's parser yields nothing and
    raises no error. So a body without files and fields that is not empty is refused.
    """
    files: list[UploadedFile] = []
    for _, part in request.files.items(multi=True):  # noqa: PERF102 - values() gives one of each name
        with part.stream:  # a large part is a temporary file
            files.append(UploadedFile(part.filename or "", part.read()))
    if request.get_body() and not files and not request.form:
        raise InvalidRequest("The multipart body is malformed or incomplete, or has no boundary.")
    return files
