"""The use case of bringing files in: check them all, then store them. Needs no database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from azure.storage.blob import ContainerClient

from shared import faults
from shared.contracts import registry
from shared.errors import InvalidRequest, LoadFailed, Superseded, Unavailable, UnknownDataset
from shared.storage import names, uploads
from shared.storage.uploads import Upload

_HASH_IN_PATH = 12


@dataclass(frozen=True)
class File:
    """A file as a client sent it."""

    filename: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """Of the content, in hexadecimal; it names the blob and stands in the answer."""
        return hashlib.sha256(self.content).hexdigest()


def store(container: ContainerClient, dataset: str, files: Sequence[File]) -> list[Upload]:
    """Write `files` under `dataset` and describe the blobs, in the same order.

    Raises `InvalidRequest` with every fault of every file, and then nothing is stored; `Unavailable` where
    storage fails in the middle, with what is known of each file. The same bytes under the same name are the
    same blob, however often they are sent.
    """
    if not_storable := [*_faults_of_request(dataset, files), *_faults_of_files(files)]:
        raise InvalidRequest("Nothing was stored: see errors.", not_storable)
    stored: list[Upload] = []
    try:
        for file in files:
            with faults.translated():
                stored.append(uploads.put(container, paths_of(dataset, file), file.content, file.filename))
    except (Unavailable, LoadFailed, Superseded) as exc:
        raise Unavailable(faults.STORAGE, _IN_THE_MIDDLE, _whereabouts(files, stored)) from exc
    return stored


_IN_THE_MIDDLE = (
    "it failed before every file was surely stored. Send the same request again: what is stored already is "
    "neither stored nor loaded twice"
)


def _whereabouts(files: Sequence[File], stored: Sequence[Upload]) -> list[dict[str, Any]]:
    """What is known of each file of a request that storage failed in; the one at hand may be stored."""
    done = [
        {"file": one.filename, "detail": "It is stored.", "ingestion_id": str(one.version.ingestion_id)}
        for one in stored
    ]
    details = ["It may be stored.", *["It is not stored."] * len(files)]
    rest = files[len(stored) :]
    return done + [
        {"file": file.filename, "detail": detail} for file, detail in zip(rest, details, strict=False)
    ]


def paths_of(dataset: str, file: File) -> tuple[str, str]:
    """Where a file is stored: `{dataset}/{hash}/{safe name}`.

    The hash is the first 12 hex digits of its SHA-256, or, where other content is there, all of them.
    """
    name = names.safe(file.filename)
    return f"{dataset}/{file.sha256[:_HASH_IN_PATH]}/{name}", f"{dataset}/{file.sha256}/{name}"


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
