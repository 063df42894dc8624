"""Blobs of the container for uploads: write once, describe, list, and stream one version."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote, unquote_to_bytes

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient, ContentSettings

from shared.errors import Conflict
from shared.storage.blob_version import BlobVersion, file_name_of
from shared.storage.upload_options import UploadOptions, decode_metadata, is_option
from shared.text import printable

_FILENAME = "filename"
_MAX_FILENAME_LENGTH = 4096
"""Characters of the percent-encoded file name; all metadata of a blob together may have 8 KB."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of a blob with its properties in storage; `size` in bytes."""

    version: BlobVersion
    filename: str
    size: int
    modified_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The blob's metadata: names in lower case, values of upload options decoded."""


def write_once(
    container: ContainerClient, paths: Sequence[str], content: bytes, filename: str, options: UploadOptions
) -> Upload:
    """Write `content` with `options` to the first free path of `paths`, unless it is stored there already.

    A path contains the hash of both, so a blob there is the same, except after a collision or a manual
    change; then the next path is tried. Raises `Conflict` if no path is left.
    """
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    stored = blob_metadata(filename, options)
    for path in paths:
        _write(container, path, content, digest, stored)
        properties = container.get_blob_client(path).get_blob_properties()
        if (
            properties.size == len(content)
            and bytes(properties.content_settings.content_md5 or b"") == digest
            and _stored_options(properties) == options.metadata()
        ):
            return _upload(container, properties)
    raise Conflict(
        f"{filename!r} cannot be stored, because other blobs have its paths. Upload it under another name."
    )


def blob_metadata(filename: str, options: UploadOptions) -> dict[str, str]:
    """Return the metadata with which a blob keeps its `filename` and `options`, in ASCII."""
    return {_FILENAME: _shortened(quote(filename, safe="")), **options.metadata()}


def _shortened(encoded: str) -> str:
    """Cut off whole characters, because people read the name."""
    if len(encoded) <= _MAX_FILENAME_LENGTH:
        return encoded
    cut = unquote_to_bytes(re.sub("%.?$", "", encoded[:_MAX_FILENAME_LENGTH]))
    return quote(cut.decode(errors="ignore"), safe="")


def _stored_options(properties: BlobProperties) -> dict[str, str]:
    """Return the upload options in the metadata of the blob, still encoded."""
    return {name.lower(): text for name, text in (properties.metadata or {}).items() if is_option(name)}


def _write(
    container: ContainerClient, path: str, content: bytes, digest: bytes, metadata: dict[str, str]
) -> None:
    """Write the blob unless one exists; creates a missing container."""
    for _ in range(2):
        try:
            container.upload_blob(
                path,
                content,
                overwrite=False,
                metadata=metadata,
                content_settings=ContentSettings(content_type="text/csv", content_md5=bytearray(digest)),
            )
        except ResourceExistsError:
            return
        except ResourceNotFoundError:  # a new account has no container yet
            with suppress(ResourceExistsError):
                container.create_container()
        else:
            return


def describe(container: ContainerClient, path: str) -> Upload:
    """Return the current version of the blob at `path`; raises azure's `ResourceNotFoundError`."""
    return _upload(container, container.get_blob_client(path).get_blob_properties())


def find(container: ContainerClient, path: str) -> Upload | None:
    """Return the current version of the blob at `path`, or `None`; a missing container is an error."""
    try:
        return describe(container, path)
    except ResourceNotFoundError as exc:
        if getattr(exc, "error_code", None) == "ContainerNotFound":
            raise
        return None


def list_blobs(container: ContainerClient) -> Iterator[Upload]:
    """List all blobs of the container, page by page, ordered by path."""
    for properties in container.list_blobs(include=["metadata"]):
        yield _upload(container, properties)


def stream(container: ContainerClient, version: BlobVersion) -> Iterator[bytes]:
    """Stream the content of exactly this version, in blocks of some megabytes.

    Raises azure's `ResourceModifiedError` or `ResourceNotFoundError`, at the first or at any later block,
    if the blob was replaced or deleted.
    """
    download = container.get_blob_client(version.path).download_blob(
        etag=_quoted(version.etag),
        match_condition=MatchConditions.IfNotModified,
    )
    yield from download.chunks()


def read_range(container: ContainerClient, version: BlobVersion, offset: int, length: int) -> bytes:
    """Read `length` bytes of exactly this version; raises the same errors as `stream`."""
    download = container.get_blob_client(version.path).download_blob(
        offset,
        length,
        etag=_quoted(version.etag),
        match_condition=MatchConditions.IfNotModified,
    )
    return download.readall()


def _upload(container: ContainerClient, properties: BlobProperties) -> Upload:
    path = str(properties.name)
    metadata = decode_metadata(properties.metadata or {})
    original = unquote(metadata.get(_FILENAME, ""))
    return Upload(
        version=BlobVersion(str(container.container_name), path, str(properties.etag)),
        filename=printable(original) or file_name_of(path),
        size=int(properties.size),
        modified_at=properties.last_modified,
        metadata=metadata,
    )


def _quoted(etag: str) -> str:
    """Return the ETag with quotes, as a condition needs it; listings return it without."""
    return f'"{etag.strip(chr(34))}"'
