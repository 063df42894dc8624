"""A blob as a seekable file, read by byte ranges."""

from __future__ import annotations

import io
from collections.abc import Callable

from shared.errors import FileRefused, Unavailable

_BLOCK = 4 * 1024 * 1024
"""Bytes asked for at a time."""

_HELD = 2
"""Blocks kept: that of the place, and the one before or that of an archive's directory."""

_LONGEST = 4 * 1024 * 1024
"""Bytes that one read may give; an archive's directory is read at once, whatever size it says it has."""


class RangeFile:
    """A file of `size` bytes of which `fetch(offset, length)` gets exactly those.

    `failure` is what `fetch` raised, since `zipfile` takes some errors for its own.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self.size = size
        self._at = 0
        self._blocks: dict[int, bytes] = {}
        self.failure: Exception | None = None

    def read(self, size: int = -1, /) -> bytes:
        """The next `size` bytes or all that are left; raises `FileRefused` where these are too many."""
        end = self.size if size < 0 else min(self._at + size, self.size)
        try:
            if end - self._at > _LONGEST:
                raise _too_long(end - self._at)
            pieces = []
            while self._at < end:
                place, start = divmod(self._at, _BLOCK)
                pieces.append(self._block(place)[start : start + end - self._at])
                self._at += len(pieces[-1])
        except Exception as exc:
            self.failure = exc
            raise
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go there; raises `OSError` for a place before the start."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a place before the start of the file")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """The place that is read next."""
        return self._at

    def seekable(self) -> bool:
        """It is."""
        return True

    def _block(self, place: int) -> bytes:
        """The `place`-th block, which is then the last to be given up."""
        block = self._blocks.pop(place, None)
        if block is None:
            if len(self._blocks) == _HELD:
                del self._blocks[next(iter(self._blocks))]
            length = min(_BLOCK, self.size - place * _BLOCK)
            block = self._fetch(place * _BLOCK, length)
            if len(block) != length:
                raise Unavailable("storage", f"{len(block)} bytes came where {length} were asked for")
        self._blocks[place] = block
        return block


def _too_long(size: int) -> FileRefused:
    return FileRefused(
        "archive_too_wide",
        f"The archive's directory has {size} bytes, more than {_LONGEST}; send several archives.",
        size=size,
    )
