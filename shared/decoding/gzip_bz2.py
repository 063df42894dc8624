"""Streams of gzip or bz2 members, by the standard library's decompressors."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.decoding.broken import corrupt, trailing, truncated
from shared.decoding.expansion import Expansion

_PIECE = 64 * 1024
"""Bytes decompressed at a time; a position in a message is as exact as this."""

_MOST = 1024 * 1024
"""Bytes that come out in one piece, whatever the ratio."""


class _Member(Protocol):
    """One member in the making, as `bz2` has it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
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


@dataclass(frozen=True, slots=True)
class _Format:
    start: Callable[[], _Member]
    magic: bytes


_FORMATS = {"gzip": _Format(_Gzip, b"\x1f\x8b"), "bz2": _Format(bz2.BZ2Decompressor, b"BZh")}


def decompressed(blocks: Iterable[bytes], name: Literal["gzip", "bz2"], limits: Expansion) -> Iterator[bytes]:
    """What the members contain, in pieces of at most a megabyte; raises `FileRefused`."""
    form = _FORMATS[name]
    read = written = 0
    member: _Member | None = None
    ended = False
    for piece in _pieces(blocks):
        rest = piece if member or not ended else piece.lstrip(b"\0")
        while rest:
            if member is None:
                if ended and not form.magic.startswith(rest[: len(form.magic)]):
                    raise trailing(name, read + len(piece) - len(rest))
                member = form.start()
            for out in _contents(member, rest, name, read + len(piece)):
                written += len(out)
                limits.check(read + len(piece), written)
                yield out
            rest = b""
            if member.eof:
                rest = member.unused_data.lstrip(b"\0")
                member, ended = None, True
        read += len(piece)
    if member or not ended:
        raise truncated(name, read)


def _contents(member: _Member, data: bytes, name: str, read: int) -> Iterator[bytes]:
    """What `member` gives for `data`, until it needs more or is complete."""
    while True:
        try:
            out = member.decompress(data, _MOST)
        except (zlib.error, OSError, ValueError, EOFError) as exc:
            raise corrupt(name, read) from exc
        if out:
            yield out
        if member.eof or member.needs_input:
            return
        data = b""


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    return (block[at : at + _PIECE] for block in blocks for at in range(0, len(block), _PIECE))
