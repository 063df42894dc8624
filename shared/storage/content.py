"""The content of a blob version or archive member: streamed or hashed, any number of times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cached_property

from shared.formats.compressions import SIGNATURE_SIZE, detect_compression

_HEAD_SIZE = 1024 * 1024
"""Bytes whose hash distinguishes most files of the same size."""

_BLOCK_SIZE = 4 * 1024 * 1024
"""Bytes in a block, as storage returns them."""


class Content:
    """The bytes of a file, in blocks of some megabytes, from the beginning on each iteration.

    `opened` returns the blocks. Nothing is read before it is needed. Iterating over the content of a blob
    raises azure's `ResourceModifiedError` or `ResourceNotFoundError` if the blob was replaced or deleted;
    iterating over an archive member raises `FileRefused` as well.
    """

    def __init__(self, opened: Callable[[], Iterator[bytes]], size: int) -> None:
        """`size` is the number of bytes."""
        self._opened = opened
        self.size = size
        self._blocks: Iterator[bytes] | None = None
        self._is_whole = False

    @property
    def head(self) -> bytes:
        """The first megabyte, or what the first block has of it; only before the first iteration."""
        return self._first[:_HEAD_SIZE]

    @property
    def is_zip(self) -> bool:
        """Whether the content is a zip archive; only before the first iteration."""
        return detect_compression(self.head[:SIGNATURE_SIZE]) == "zip"

    @cached_property
    def head_sha256(self) -> str:
        """SHA-256 of `head` in hexadecimal; it must be read before the first iteration."""
        return hashlib.sha256(self.head).hexdigest()

    @cached_property
    def _first(self) -> bytes:
        """The first block, read when it is needed."""
        self._blocks = self._opened()
        first = next(self._blocks, b"")
        self._is_whole = len(first) == self.size
        return first

    def sha256(self) -> str:
        """Return the SHA-256 of all bytes in hexadecimal; reads the blocks after the first one."""
        digest = hashlib.sha256(self._first)
        if not self._is_whole:
            for block in self._rest():
                digest.update(block)
        return digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks in order, and hold none of them, unless the first one is the whole file."""
        first = self._first
        if self._is_whole:
            yield first
            return
        self._first = b""
        if not first:
            yield from self._opened()
            return
        yield first
        del first
        yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        """Return the blocks after the first one."""
        blocks, self._blocks = self._blocks, None
        if blocks is None:
            blocks = self._opened()
            next(blocks)
        return blocks


def content_of_bytes(data: bytes) -> Content:
    """Return the content of a file with these bytes."""
    return Content(lambda: _blocks(data), len(data))


def _blocks(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _BLOCK_SIZE):
        yield data[at : at + _BLOCK_SIZE]
