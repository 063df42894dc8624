"""Decompresses zstd frames with pyarrow.

pyarrow asks for at most the 128 MB of memory that a frame may want by the format's usual limit; a frame that
wants more is refused as corrupt.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa

from shared.decoding.limits import Expansion, corrupt_data, trailing_data, truncated_data
from shared.errors import FileRefused

_MOST = 1024 * 1024
"""Bytes that come out in one piece, whatever the ratio."""


class _Source(io.RawIOBase):
    """The blocks as the file that pyarrow reads from; `failure` is what the blocks' own source raised."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        super().__init__()
        self._blocks = iter(blocks)
        self._block = memoryview(b"")
        self.taken = 0
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._block and (block := next(self._blocks, None)) is not None:
                self._block = memoryview(block)
        except Exception as exc:
            self.failure = exc
            raise
        piece, self._block = bytes(self._block[:size]), self._block[size:]
        self.taken += len(piece)
        return piece


def decompress(blocks: Iterable[bytes], limits: Expansion) -> Iterator[bytes]:
    """What the frames contain, in pieces of at most a megabyte; raises `FileRefused`."""
    source = _Source(blocks)
    stream = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd")
    written = 0
    while out := _read(stream, source):
        written += len(out)
        limits.check(source.taken, written)
        yield out
    if not source.taken:
        raise truncated_data("zstd", 0)


def _read(stream: pa.CompressedInputStream, source: _Source) -> bytes:
    try:
        return stream.read(_MOST)
    except (OSError, pa.ArrowException) as exc:
        if source.failure:
            raise source.failure from None
        raise _refused(str(exc), source.taken) from exc


def _refused(said: str, read: int) -> FileRefused:
    if "Truncated" in said:
        return truncated_data("zstd", read)
    if "Unknown frame descriptor" in said:
        return trailing_data("zstd", read)
    return corrupt_data("zstd", read, said.removeprefix("ZSTD decompress failed: "))
