"""Blobs of the container `uploads`: writing one once, describing it, and streaming one version of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient, ContentSettings

from shared.identity import BlobVersion, file_name_of

_FILENAME = "filename"
_SHA256 = "sha256"
_LONGEST_METADATA = 4096
"""Characters of the percent-encoded original name; all metadata of a blob together may have 8 KB."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of a blob with what storage knows of it; `size` in bytes."""

    version: BlobVersion
    filename: str
    size: int
    sha256: str | None
    """As our own upload noted it, in hexadecimal; `None` for a blob put there by others."""
    modified_at: datetime


def put(container: ContainerClient, path: str, content: bytes, filename: str) -> Upload:
    """Write `content` at `path` unless a blob is there already, and describe what is there.

    The path holds the content's hash, so what is there already is the same content: a repeated upload ends
    in the same version, never in a second one.
    """
    metadata = {
        _FILENAME: quote(filename, safe="")[:_LONGEST_METADATA],
        _SHA256: hashlib.sha256(content).hexdigest(),
    }
    try:
        _write_once(container, path, content, metadata)
    except ResourceNotFoundError:  # a new account has no container yet
        with suppress(ResourceExistsError):
            container.create_container()
        _write_once(container, path, content, metadata)
    return describe(container, path)


def _write_once(container: ContainerClient, path: str, content: bytes, metadata: dict[str, str]) -> None:
    with suppress(ResourceExistsError):
        container.upload_blob(
            path,
            content,
            overwrite=False,
            metadata=metadata,
            content_settings=ContentSettings(content_type="text/csv"),
        )


def describe(container: ContainerClient, path: str) -> Upload:
    """The current version of the blob at `path`; raises azure's `ResourceNotFoundError` if there is none."""
    return _upload(container, container.get_blob_client(path).get_blob_properties())


def find(container: ContainerClient, path: str) -> Upload | None:
    """The current version of the blob at `path`, or `None`; a missing container is still an error."""
    try:
        return describe(container, path)
    except ResourceNotFoundError as exc:
        if getattr(exc, "error_code", None) == "ContainerNotFound":
            raise
        return None


def every(container: ContainerClient) -> Iterator[Upload]:
    """All blobs of the container, by page, in order of their paths."""
    for properties in container.list_blobs(include=["metadata"]):
        yield _upload(container, properties)


def chunks(container: ContainerClient, version: BlobVersion) -> Iterator[bytes]:
    """The content of exactly this version, in blocks of some megabytes.

    Raises azure's `ResourceModifiedError` or `ResourceNotFoundError`, at the first or at any later block,
    when the blob was replaced or deleted.
    """
    download = container.get_blob_client(version.path).download_blob(
        etag=f'"{version.etag.strip(chr(34))}"',  # listings give it without its quotes
        match_condition=MatchConditions.IfNotModified,
    )
    yield from download.chunks()


def _upload(container: ContainerClient, properties: BlobProperties) -> Upload:
    path = str(properties.name)
    metadata = properties.metadata or {}
    sha256 = metadata.get(_SHA256)
    return Upload(
        version=BlobVersion(str(container.container_name), path, str(properties.etag)),
        filename=unquote(metadata.get(_FILENAME, "")) or file_name_of(path),
        size=int(properties.size),
        # Anyone may write metadata; a hash counts only where the path, which is ours, holds its beginning.
        sha256=sha256 if sha256 and f"/{sha256[:12]}/" in path else None,
        modified_at=properties.last_modified,
    )
