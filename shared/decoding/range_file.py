"""A blob as a seekable file, read by byte ranges."""

from __future__ import annotations

import io
from collections.abc import Callable

from shared.errors import FileRefused, Unavailable

_BLOCK = 4 * 1024 * 1024
"""Bytes in one request to storage."""

_MAX_CACHED_BLOCKS = 2
"""The current block, and the one before it or the one with an archive's directory."""

_MAX_READ_SIZE = 4 * 1024 * 1024
"""Bytes in one read. An archive's directory is read at once, whatever size the archive claims for it."""


class RangeFile:
    """A file of `size` bytes, read with `fetch(offset, length)`, which returns exactly these bytes.

    `failure` is the last error that a read raised: `zipfile` mistakes some of them for faults of the archive.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self.size = size
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self.failure: Exception | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Read the next `size` bytes, or all that are left; raises `FileRefused` if these are too many."""
        end = self.size if size < 0 else min(self._position + size, self.size)
        try:
            if end - self._position > _MAX_READ_SIZE:
                raise _directory_too_large(end - self._position)
            pieces = []
            while self._position < end:
                number, start = divmod(self._position, _BLOCK)
                pieces.append(self._block(number)[start : start + end - self._position])
                self._position += len(pieces[-1])
        except Exception as exc:
            self.failure = exc
            raise
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set the position; raises `OSError` if it is before the start of the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a position before the start of the file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position of the next read."""
        return self._position

    def seekable(self) -> bool:
        """Return true."""
        return True

    def _block(self, number: int) -> bytes:
        """Return a block by its number from 0, and cache it as the most recently used one."""
        block = self._blocks.pop(number, None)
        if block is None:
            if len(self._blocks) == _MAX_CACHED_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            length = min(_BLOCK, self.size - number * _BLOCK)
            block = self._fetch(number * _BLOCK, length)
            if len(block) != length:
                raise Unavailable("storage", f"it returned {len(block)} bytes instead of {length}")
        self._blocks[number] = block
        return block


def _directory_too_large(size: int) -> FileRefused:
    return FileRefused("archive_too_wide", {"max_size": _MAX_READ_SIZE}, size=size)
