"""Decompresses zstd frames with pyarrow.

pyarrow allows a frame at most 128 MB of memory, the usual limit of the format. A frame that needs more is
refused as corrupt.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa

from shared.decoding.limits import (
    MAX_OUTPUT_SIZE,
    ExpansionLimits,
    corrupt_data,
    trailing_data,
    truncated_data,
)
from shared.errors import FileRefused


class _BlockReader(io.RawIOBase):
    """The blocks as a file that pyarrow can read; `failure` is an error of the blocks' source."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        super().__init__()
        self._blocks = iter(blocks)
        self._block = memoryview(b"")
        self.bytes_read = 0
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
        self.bytes_read += len(piece)
        return piece


def decompress(blocks: Iterable[bytes], limits: ExpansionLimits) -> Iterator[bytes]:
    """Decompress the frames in pieces of at most a megabyte; raises `FileRefused`."""
    reader = _BlockReader(blocks)
    stream = pa.CompressedInputStream(pa.PythonFile(reader, mode="r"), "zstd")
    written = 0
    while piece := _read(stream, reader):
        written += len(piece)
        limits.check(reader.bytes_read, written)
        yield piece
    if not reader.bytes_read:
        raise truncated_data("zstd", 0)


def _read(stream: pa.CompressedInputStream, reader: _BlockReader) -> bytes:
    try:
        return stream.read(MAX_OUTPUT_SIZE)
    except (OSError, pa.ArrowException) as exc:
        if reader.failure:
            raise reader.failure from None
        raise _refusal(str(exc), reader.bytes_read) from exc


def _refusal(error: str, read: int) -> FileRefused:
    """Return the refusal for pyarrow's `error`, which it distinguishes by text only."""
    if "Truncated" in error:
        return truncated_data("zstd", read)
    if "Unknown frame descriptor" in error:
        return trailing_data("zstd", read)
    return corrupt_data("zstd", read, error.removeprefix("ZSTD decompress failed: "))
