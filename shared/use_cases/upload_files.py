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
    """A file as the client sent it."""

    filename: str
    content: bytes

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the content in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Destination:
    """The dataset of the files, and the options sent with them."""

    dataset: str
    options: UploadOptions = upload_options.NO_OPTIONS
    creates: bool = False
    """Whether the first file of an undeclared dataset creates it."""


def store_files(
    container: ContainerClient,
    to: Destination,
    files: Sequence[UploadedFile],
    faults: Sequence[Mapping[str, Any]] = (),
) -> list[Upload]:
    """Store `files` and describe the blobs, in the same order; `faults` are errors found before.

    The same bytes with the same options and name are the same blob, however often they are sent. Raises
    `InvalidRequest` with every error of every file, before anything is stored, and `Unavailable` with the
    state of each file if storage fails in between.
    """
    check_files(to, files, faults)
    stored: list[Upload] = []
    try:
        for file in files:
            with driver_errors.translate_errors():
                stored.append(
                    blobs.write_once(container, paths_of(to, file), file.content, file.filename, to.options)
                )
    except (Unavailable, LoadFailed, Superseded) as exc:
        raise Unavailable(driver_errors.STORAGE, _INCOMPLETE, _states_of(files, stored)) from exc
    return stored


def reserve_path(to: Destination, filename: str, faults: Sequence[Mapping[str, Any]] = ()) -> str:
    """A new path for a file that the client writes itself, so that its hash is not known.

    Raises `InvalidRequest` with every error.
    """
    unsupported = (
        [] if blob_version.is_supported(filename) else [{"member": "filename", "detail": _UNSUPPORTED}]
    )
    if not_storable := [*faults, *_faults_of_dataset(to), *unsupported]:
        raise InvalidRequest("No upload URL was created: see errors.", not_storable)
    return f"{to.dataset}/direct-{uuid.uuid4().hex}/{blob_version.safe_name(filename)}"


def check_files(
    to: Destination, files: Sequence[UploadedFile], faults: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Raise `InvalidRequest` with the `faults` found before and every error of every file."""
    if not_storable := [*faults, *_faults_of_request(to, files), *_faults_of_files(files)]:
        raise InvalidRequest("Nothing was stored: see errors.", not_storable)


_INCOMPLETE = (
    "it failed before all files were stored. Send the same request again: files that are stored already are "
    "not stored or loaded twice"
)


def _states_of(files: Sequence[UploadedFile], stored: Sequence[Upload]) -> list[dict[str, Any]]:
    """The state of each file of the request; the one being written when storage failed may be stored."""
    done = [
        {"file": upload.filename, "detail": "It is stored.", "ingestion_id": str(upload.version.ingestion_id)}
        for upload in stored
    ]
    details = ["It may be stored.", *["It is not stored."] * len(files)]
    rest = files[len(stored) :]
    return done + [
        {"file": file.filename, "detail": detail} for file, detail in zip(rest, details, strict=False)
    ]


def paths_of(to: Destination, file: UploadedFile) -> tuple[str, str]:
    """The paths of a file, `{dataset}/{hash}/{safe name}`: the usual one and a second choice.

    The hash is the first 12 hex digits of the SHA-256 of content and options, or all of them if a blob with
    other content has the short path. The same bytes with other options are another blob.
    """
    options = to.options.canonical()
    digest = hashlib.sha256(f"{file.sha256} {options}".encode()).hexdigest() if options else file.sha256
    name = blob_version.safe_name(file.filename)
    return f"{to.dataset}/{digest[:_HASH_IN_PATH]}/{name}", f"{to.dataset}/{digest}/{name}"


def _faults_of_request(to: Destination, files: Sequence[UploadedFile]) -> list[dict[str, Any]]:
    faults = [*_faults_of_dataset(to)]
    if not files:
        faults.append(
            {"detail": "The request has no files. Send multipart/form-data, or one file as text/csv."}
        )
    return faults


def _faults_of_dataset(to: Destination) -> Iterator[dict[str, Any]]:
    """Errors of the dataset that can be found without the database."""
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
    "{!r} is not a valid dataset name. Use at most 48 characters, a to z, 0 to 9 and _, starting with a "
    "letter and not ending with _pkey or _load_line."
)
_DECLARED = "{} is declared by a contract with the key ({}). Leave this parameter out."


def _faults_of_files(files: Sequence[UploadedFile]) -> list[dict[str, Any]]:
    return [
        {"file": file.filename, "detail": detail}
        for file in files
        for detail in (
            None
            if file.filename
            else "The file has no name. Add ?filename=visits.csv if the file is the request body.",
            None if not file.filename or blob_version.is_supported(file.filename) else _UNSUPPORTED,
            None if file.content else "The file is empty.",
        )
        if detail
    ]


_UNSUPPORTED = f"The file name does not end with a supported extension: {blob_version.SUPPORTED}."

_TIMEOUT_SECONDS = 2.0


def register_uploads(engine: Engine, stored: Sequence[Upload], dataset: str) -> bool:
    """Insert `stored` into the ledger as `received`; `False` if that failed or took more than 2 s.

    Best effort: the files are stored, and the blob trigger inserts them too. Uploading needs no database.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="register")
    try:
        pool.submit(_register, engine, stored, dataset).result(timeout=_TIMEOUT_SECONDS)
    except Exception as exc:  # noqa: BLE001 - the files are stored in any case
        reason = exc.message if isinstance(exc, IngestError) else Unexpected(exc).message
        logger.warning("the upload is stored but not yet in the ledger: {}", reason)
        return False
    finally:
        pool.shutdown(wait=False)
    return True


def _register(engine: Engine, stored: Sequence[Upload], dataset: str) -> None:
    with transactions.short_transaction(engine) as connection:
        for upload in stored:
            entries.insert_received(connection, upload, dataset)
