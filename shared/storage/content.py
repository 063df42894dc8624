"""The content of one version of a blob: streamed, or hashed first, with its beginning kept at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from azure.storage.blob import ContainerClient

from shared.identity import BlobVersion
from shared.storage import uploads

_HEAD = 1024 * 1024
"""Bytes whose hash tells most files of the same size apart."""


class Content:
    """The bytes of exactly one version.

    Everything raises azure's `ResourceModifiedError` or `ResourceNotFoundError` when the blob was replaced or
    deleted.
    """

    def __init__(self, container: ContainerClient, version: BlobVersion) -> None:
        """Read the first block."""
        self._container = container
        self._version = version
        self._blocks = uploads.chunks(container, version)
        self._first = next(self._blocks, b"")
        self.head_sha256 = hashlib.sha256(self._first[:_HEAD]).hexdigest()

    def sha256(self) -> str:
        """Of all of it, in hexadecimal; what follows the first block is read for this alone."""
        digest = hashlib.sha256(self._first)
        read = len(self._first)
        for block in self._blocks:
            digest.update(block)
            read += len(block)
        if read > len(self._first):
            self._blocks = uploads.chunks(self._container, self._version)
            next(self._blocks)  # is at hand
        return digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """The blocks, once: some megabytes each, in order."""
        first, self._first = self._first, b""
        yield first
        del first
        yield from self._blocks
