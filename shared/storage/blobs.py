"""Blobs of the container `uploads`: write once, describe, list, and stream one version."""

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
from shared.storage import upload_options as telling
from shared.storage.blob_version import BlobVersion, file_name_of
from shared.storage.upload_options import UploadOptions
from shared.text import printable

_FILENAME = "filename"
_LONGEST_METADATA = 4096
"""Characters of the percent-encoded original name; all metadata of a blob together may have 8 KB."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One version of a blob with what storage knows of it; `size` in bytes."""

    version: BlobVersion
    filename: str
    size: int
    modified_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The blob's own, names in lower case; what is told about the file is decoded."""


def write_once(
    container: ContainerClient, paths: Sequence[str], content: bytes, filename: str, options: UploadOptions
) -> Upload:
    """Write `content` and what is `told` at the first of `paths` that is free, unless it is there already.

    A path holds the hash of both, so what is there is the same, but for a collision or somebody who replaced
    it by hand; then the next path is tried. Raises `Conflict` where none is left.
    """
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    stored = blob_metadata(filename, options)
    for path in paths:
        _write(container, path, content, digest, stored)
        properties = container.get_blob_client(path).get_blob_properties()
        if (
            properties.size == len(content)
            and bytes(properties.content_settings.content_md5 or b"") == digest
            and _told(properties) == options.metadata()
        ):
            return _upload(container, properties)
    raise Conflict(
        f"Another file's content is stored where {filename!r} belongs; send it under another name."
    )


def blob_metadata(filename: str, options: UploadOptions) -> dict[str, str]:
    """The metadata of a blob that remember its `filename` and what is `told` about it, in ASCII."""
    return {_FILENAME: _short(quote(filename, safe="")), **options.metadata()}


def _short(encoded: str) -> str:
    """What is cut off are whole characters; the name is for people to read."""
    if len(encoded) <= _LONGEST_METADATA:
        return encoded
    cut = unquote_to_bytes(re.sub("%.?$", "", encoded[:_LONGEST_METADATA]))
    return quote(cut.decode(errors="ignore"), safe="")


def _told(properties: BlobProperties) -> dict[str, str]:
    """What is told about the blob, as it is stored."""
    return {
        name.lower(): text for name, text in (properties.metadata or {}).items() if telling.is_option(name)
    }


def _write(
    container: ContainerClient, path: str, content: bytes, digest: bytes, metadata: dict[str, str]
) -> None:
    """Write unless a blob is there; a container that is missing is made."""
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


def list_blobs(container: ContainerClient) -> Iterator[Upload]:
    """All blobs of the container, by page, in order of their paths."""
    for properties in container.list_blobs(include=["metadata"]):
        yield _upload(container, properties)


def stream(container: ContainerClient, version: BlobVersion) -> Iterator[bytes]:
    """The content of exactly this version, in blocks of some megabytes.

    Raises azure's `ResourceModifiedError` or `ResourceNotFoundError`, at the first or at any later block,
    when the blob was replaced or deleted.
    """
    download = container.get_blob_client(version.path).download_blob(
        etag=_quoted(version.etag),
        match_condition=MatchConditions.IfNotModified,
    )
    yield from download.chunks()


def read_range(container: ContainerClient, version: BlobVersion, offset: int, length: int) -> bytes:
    """So many bytes of exactly this version; raises as `chunks` does."""
    download = container.get_blob_client(version.path).download_blob(
        offset,
        length,
        etag=_quoted(version.etag),
        match_condition=MatchConditions.IfNotModified,
    )
    return download.readall()


def _upload(container: ContainerClient, properties: BlobProperties) -> Upload:
    path = str(properties.name)
    metadata = telling.decode_metadata(properties.metadata or {})
    original = unquote(metadata.get(_FILENAME, ""))
    return Upload(
        version=BlobVersion(str(container.container_name), path, str(properties.etag)),
        filename=printable(original) or file_name_of(path),
        size=int(properties.size),
        modified_at=properties.last_modified,
        metadata=metadata,
    )


def _quoted(etag: str) -> str:
    """As a condition wants it; listings give it without its quotes."""
    return f'"{etag.strip(chr(34))}"'
