"""Decompresses gzip, bzip2 and zstd streams.

Data that are compressed twice are decompressed once; format detection refuses what is left.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final, Protocol

from shared.decoding.limits import (
    DEFAULT_LIMITS,
    MAX_OUTPUT_SIZE,
    ExpansionLimits,
    corrupt_data,
    trailing_data,
    truncated_data,
)

_INPUT_SIZE = 64 * 1024
"""Bytes decompressed at a time. Positions in messages are exact to this many bytes."""


class _Decompressor(Protocol):
    """Decompresses one member, with the interface of `bz2.BZ2Decompressor` and `lzma.LZMADecompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _GzipDecompressor:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(out) < max_length
        return out


def decompress(
    blocks: Iterable[bytes], compression: str, limits: ExpansionLimits = DEFAULT_LIMITS
) -> Iterator[bytes]:
    """Decompress a stream in pieces of at most a megabyte; `""` passes the blocks through.

    `compression` is a name of the registry that is no archive. Consecutive members or frames count as one
    stream. Zero bytes after the last member of gzip or bz2 are padding, as for the gzip program.

    Raises `FileRefused`, after the pieces before the fault, if the data are corrupt, end early, are followed
    by anything else, or expand beyond `limits`.
    """
    return STREAM_DECOMPRESSORS[compression](blocks, limits) if compression else iter(blocks)


def _decompress_members(
    blocks: Iterable[bytes],
    limits: ExpansionLimits,
    *,
    name: str,
    start: bytes,
    new_decompressor: Callable[[], _Decompressor],
) -> Iterator[bytes]:
    """Decompress consecutive members, each of which begins with the bytes `start`."""
    read = written = 0
    member: _Decompressor | None = None
    ended = False
    for piece in _split(blocks):
        rest = piece if member or not ended else piece.lstrip(b"\0")
        while rest:
            if member is None:
                if ended and not start.startswith(rest[: len(start)]):
                    raise trailing_data(name, read + len(piece) - len(rest))
                member = new_decompressor()
            for out in _decompress_member(member, rest, name, read + len(piece)):
                written += len(out)
                limits.check(read + len(piece), written)
                yield out
            rest = b""
            if member.eof:
                rest = member.unused_data.lstrip(b"\0")
                member, ended = None, True
        read += len(piece)
    if member or not ended:
        raise truncated_data(name, read)


def _decompress_member(member: _Decompressor, data: bytes, name: str, read: int) -> Iterator[bytes]:
    """Decompress `data` until `member` needs more or is complete."""
    while True:
        try:
            out = member.decompress(data, MAX_OUTPUT_SIZE)
        except (zlib.error, OSError, ValueError, EOFError) as exc:
            raise corrupt_data(name, read) from exc
        if out:
            yield out
        if member.eof or member.needs_input:
            return
        data = b""


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    return (block[at : at + _INPUT_SIZE] for block in blocks for at in range(0, len(block), _INPUT_SIZE))


def _decompress_zstd(blocks: Iterable[bytes], limits: ExpansionLimits) -> Iterator[bytes]:
    from shared.decoding import zstd  # noqa: PLC0415  # imports pyarrow, which other files do not need

    return zstd.decompress(blocks, limits)


STREAM_DECOMPRESSORS: Final[Mapping[str, Callable[[Iterable[bytes], ExpansionLimits], Iterator[bytes]]]] = {
    "gzip": partial(_decompress_members, name="gzip", start=b"\x1f\x8b", new_decompressor=_GzipDecompressor),
    "bz2": partial(_decompress_members, name="bz2", start=b"BZh", new_decompressor=bz2.BZ2Decompressor),
    "zstd": _decompress_zstd,
}
"""The decompressor of each compression in the registry, by name, except for archives."""
