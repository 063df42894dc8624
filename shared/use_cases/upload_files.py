"""Checks uploaded files, stores them as blobs and registers them in the ledger."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Engine

from shared import driver_errors
from shared.contracts import registry
from shared.database import transactions
from shared.datasets import catalog
from shared.errors import (
    IngestError,
    InvalidRequest,
    LoadFailed,
    Superseded,
    Unavailable,
    Unexpected,
    UnknownDataset,
)
from shared.ledger import entries
from shared.storage import blob_version, blobs, upload_options
from shared.storage.blobs import Upload
from shared.storage.upload_options import UploadOptions

_HASH_IN_PATH = 12


@dataclass(frozen=True)
class UploadedFile:
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
    options: UploadOptions = upload_options.NO_OPTIONS
    creates: bool = False
    """Whether a dataset that nobody declared is made by its first file."""


def store_files(
    container: ContainerClient,
    to: Destination,
    files: Sequence[UploadedFile],
    found: Sequence[Mapping[str, Any]] = (),
) -> list[Upload]:
    """Write `files` and describe the blobs, in the same order; `found` are faults of the request.

    Raises `InvalidRequest` with every fault of every file, and then nothing is stored; `Unavailable` where
    storage fails in the middle, with what is known of each file. The same bytes, told the same about, under
    the same name are the same blob, however often they are sent.
    """
    check_files(to, files, found)
    stored: list[Upload] = []
    try:
        for file in files:
            with driver_errors.translate_errors():
                stored.append(
                    blobs.write_once(container, paths_of(to, file), file.content, file.filename, to.options)
                )
    except (Unavailable, LoadFailed, Superseded) as exc:
        raise Unavailable(driver_errors.STORAGE, _IN_THE_MIDDLE, _whereabouts(files, stored)) from exc
    return stored


def reserve_path(to: Destination, filename: str, found: Sequence[Mapping[str, Any]] = ()) -> str:
    """A path for a file that a client writes there itself, a new one each time: its hash is not known yet.

    Raises `InvalidRequest` with every fault.
    """
    named = {} if blob_version.is_supported(filename) else {"member": "filename", "detail": _UNSUPPORTED}
    if not_storable := [*found, *_faults_of_dataset(to), *([named] if named else [])]:
        raise InvalidRequest("No address was given: see errors.", not_storable)
    return f"{to.dataset}/direct-{uuid.uuid4().hex}/{blob_version.safe_name(filename)}"


def check_files(
    to: Destination, files: Sequence[UploadedFile], found: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Raises `InvalidRequest` with every fault of every file, after those that were `found` before."""
    if not_storable := [*found, *_faults_of_request(to, files), *_faults_of_files(files)]:
        raise InvalidRequest("Nothing was stored: see errors.", not_storable)


_IN_THE_MIDDLE = (
    "it failed before every file was surely stored. Send the same request again: what is stored already is "
    "neither stored nor loaded twice"
)


def _whereabouts(files: Sequence[UploadedFile], stored: Sequence[Upload]) -> list[dict[str, Any]]:
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


def paths_of(to: Destination, file: UploadedFile) -> tuple[str, str]:
    """Where a file is stored: `{dataset}/{hash}/{safe name}`.

    The hash is the first 12 hex digits of its SHA-256, or, where other content is there, all of them. What is
    told counts too, so that the same bytes told otherwise are another blob.
    """
    options = to.options.canonical()
    digest = hashlib.sha256(f"{file.sha256} {options}".encode()).hexdigest() if options else file.sha256
    name = blob_version.safe_name(file.filename)
    return f"{to.dataset}/{digest[:_HASH_IN_PATH]}/{name}", f"{to.dataset}/{digest}/{name}"


def _faults_of_request(to: Destination, files: Sequence[UploadedFile]) -> list[dict[str, Any]]:
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
        elif not catalog.is_valid_dataset_name(to.dataset):
            yield {"parameter": "dataset", "detail": _NO_NAME.format(to.dataset), "known": list(exc.known)}
        return
    if to.options.key and to.options.key != contract.key:
        yield {"parameter": "key", "detail": _DECLARED.format(to.dataset, ", ".join(contract.key) or "none")}


_NO_NAME = (
    "{!r} cannot be the name of a dataset: that begins with a letter, has lower case letters a to z, digits "
    "and underscores, at most 48 of them, and does not end with _pkey or _load_line."
)
_DECLARED = "The contract of {} declares its key ({}): leave the parameter out."


def _faults_of_files(files: Sequence[UploadedFile]) -> list[dict[str, Any]]:
    return [
        {"file": file.filename, "detail": detail}
        for file in files
        for detail in (
            None if file.filename else "The file has no name.",
            None if not file.filename or blob_version.is_supported(file.filename) else _UNSUPPORTED,
            None if file.content else "The file is empty.",
        )
        if detail
    ]


_UNSUPPORTED = f"The name's extension is not supported; supported: {blob_version.SUPPORTED}."

_PATIENCE_SECONDS = 2.0


def register_uploads(engine: Engine, stored: Sequence[Upload], dataset: str) -> bool:
    """Enter `stored` as `received`; `False` where that did not work within 2 s.

    A courtesy: the files are safe in storage, and the trigger enters them too. Uploading needs no database.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="note")
    try:
        pool.submit(_note, engine, stored, dataset).result(timeout=_PATIENCE_SECONDS)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the files are stored
        reason = exc.message if isinstance(exc, IngestError) else Unexpected(exc).message
        logger.warning("the upload is stored but not yet in the ledger: {}", reason)
        return False
    finally:
        pool.shutdown(wait=False)
    return True


def _note(engine: Engine, stored: Sequence[Upload], dataset: str) -> None:
    with transactions.short_transaction(engine) as connection:
        for upload in stored:
            entries.insert_received(connection, upload, dataset)
