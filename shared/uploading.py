"""The use case of bringing files in: check them all, then store all or nothing. Needs no database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import ContainerClient

from shared import faults
from shared.contracts import registry
from shared.errors import InvalidRequest, UnknownDataset
from shared.storage import names, uploads
from shared.storage.uploads import Upload

_HASH_IN_PATH = 12


@dataclass(frozen=True, slots=True)
class File:
    """A file as a client sent it."""

    filename: str
    content: bytes


def store(container: ContainerClient, dataset: str, files: Sequence[File]) -> list[Upload]:
    """Write `files` under `dataset` and describe the blobs, in the same order.

    Raises `InvalidRequest` with every fault of every file, and then nothing is stored. The same bytes under
    the same name are the same blob, however often they are sent.
    """
    if not_storable := [*_faults_of_request(dataset, files), *_faults_of_files(files)]:
        raise InvalidRequest("Nothing was stored: see errors.", not_storable)
    with faults.translated():
        return [uploads.put(container, path_of(dataset, file), file.content, file.filename) for file in files]


def path_of(dataset: str, file: File) -> str:
    """Where a file is stored: `{dataset}/{first 12 hex of its SHA-256}/{safe name}`."""
    digest = hashlib.sha256(file.content).hexdigest()
    return f"{dataset}/{digest[:_HASH_IN_PATH]}/{names.safe(file.filename)}"


def _faults_of_request(dataset: str, files: Sequence[File]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    try:
        registry.find(dataset)
    except UnknownDataset as exc:
        found.append({"parameter": "dataset", "detail": exc.message, "known": list(exc.known)})
    if not files:
        found.append({"detail": "The request has no files: send multipart/form-data, or text/csv as it is."})
    return found


def _faults_of_files(files: Sequence[File]) -> list[dict[str, Any]]:
    return [
        {"file": file.filename, "detail": detail}
        for file in files
        for detail in (
            None if file.filename else "The file has no name.",
            None if not file.filename or names.is_supported(file.filename) else _UNSUPPORTED,
            None if file.content else "The file is empty.",
        )
        if detail
    ]


_UNSUPPORTED = f"The name's extension is not supported; supported: {', '.join(names.EXTENSIONS)}."
