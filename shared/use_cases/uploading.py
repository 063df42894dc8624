"""The use case of bringing files in: check them all, then store them. Needs no database."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from azure.storage.blob import ContainerClient

from shared import faults
from shared.contracts import registry
from shared.datasets import catalog
from shared.errors import InvalidRequest, LoadFailed, Superseded, Unavailable, UnknownDataset
from shared.storage import names, told, uploads
from shared.storage.told import Told
from shared.storage.uploads import Upload

_HASH_IN_PATH = 12


@dataclass(frozen=True)
class File:
    """A file as a client sent it."""

    filename: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """Of the content, in hexadecimal; it stands in the answer."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Destination:
    """The dataset that files are for, and what is told about them."""

    dataset: str
    told: Told = told.NOTHING
    creates: bool = False
    """Whether a dataset that nobody declared is made by its first file."""


def store(
    container: ContainerClient,
    to: Destination,
    files: Sequence[File],
    found: Sequence[Mapping[str, Any]] = (),
) -> list[Upload]:
    """Write `files` and describe the blobs, in the same order; `found` are faults of the request.

    Raises `InvalidRequest` with every fault of every file, and then nothing is stored; `Unavailable` where
    storage fails in the middle, with what is known of each file. The same bytes, told the same about, under
    the same name are the same blob, however often they are sent.
    """
    require_storable(to, files, found)
    stored: list[Upload] = []
    try:
        for file in files:
            with faults.translated():
                stored.append(
                    uploads.put(container, paths_of(to, file), file.content, file.filename, to.told)
                )
    except (Unavailable, LoadFailed, Superseded) as exc:
        raise Unavailable(faults.STORAGE, _IN_THE_MIDDLE, _whereabouts(files, stored)) from exc
    return stored


def reserve(to: Destination, filename: str, found: Sequence[Mapping[str, Any]] = ()) -> str:
    """A path for a file that a client writes there itself, a new one each time: its hash is not known yet.

    Raises `InvalidRequest` with every fault.
    """
    named = {} if names.is_supported(filename) else {"member": "filename", "detail": _UNSUPPORTED}
    if not_storable := [*found, *_faults_of_dataset(to), *([named] if named else [])]:
        raise InvalidRequest("No address was given: see errors.", not_storable)
    return f"{to.dataset}/direct-{uuid.uuid4().hex}/{names.safe(filename)}"


def require_storable(to: Destination, files: Sequence[File], found: Sequence[Mapping[str, Any]] = ()) -> None:
    """Raises `InvalidRequest` with every fault of every file, after those that were `found` before."""
    if not_storable := [*found, *_faults_of_request(to, files), *_faults_of_files(files)]:
        raise InvalidRequest("Nothing was stored: see errors.", not_storable)


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


def paths_of(to: Destination, file: File) -> tuple[str, str]:
    """Where a file is stored: `{dataset}/{hash}/{safe name}`.

    The hash is the first 12 hex digits of its SHA-256, or, where other content is there, all of them. What is
    told counts too, so that the same bytes told otherwise are another blob.
    """
    told = to.told.canonical()
    digest = hashlib.sha256(f"{file.sha256} {told}".encode()).hexdigest() if told else file.sha256
    name = names.safe(file.filename)
    return f"{to.dataset}/{digest[:_HASH_IN_PATH]}/{name}", f"{to.dataset}/{digest}/{name}"


def _faults_of_request(to: Destination, files: Sequence[File]) -> list[dict[str, Any]]:
    found = [*_faults_of_dataset(to)]
    if not files:
        found.append({"detail": "The request has no files: send multipart/form-data, or text/csv as it is."})
    return found


def _faults_of_dataset(to: Destination) -> Iterator[dict[str, Any]]:
    """What speaks against the dataset, as far as that can be said without the database."""
    try:
        contract = registry.find(to.dataset)
    except UnknownDataset as exc:
        if not to.creates:
            detail = registry.undeclared(to.dataset)
            yield {"parameter": "dataset", "detail": detail, "known": list(exc.known)}
        elif not catalog.can_be_named(to.dataset):
            yield {"parameter": "dataset", "detail": _NO_NAME.format(to.dataset), "known": list(exc.known)}
        return
    if to.told.key and to.told.key != contract.key:
        yield {"parameter": "key", "detail": _DECLARED.format(to.dataset, ", ".join(contract.key) or "none")}


_NO_NAME = (
    "{!r} cannot be the name of a dataset: that begins with a letter, has lower case letters a to z, digits "
    "and underscores, at most 48 of them, and does not end with _pkey or _load_line."
)
_DECLARED = "The contract of {} declares its key ({}): leave the parameter out."


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


_UNSUPPORTED = f"The name's extension is not supported; supported: {names.SUPPORTED}."
