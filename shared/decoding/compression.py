"""Detects and decompresses gzip, bzip2 and zstd streams.

What is compressed twice is decompressed once; the rest is for whoever reads the text to refuse.
"""

from __future__ import annotations

import bz2
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from shared.decoding.limits import DEFAULT_EXPANSION, Expansion, corrupt_data, trailing_data, truncated_data

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


def decompress_members(
    blocks: Iterable[bytes], name: Literal["gzip", "bz2"], limits: Expansion
) -> Iterator[bytes]:
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
                    raise trailing_data(name, read + len(piece) - len(rest))
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
        raise truncated_data(name, read)


def _contents(member: _Member, data: bytes, name: str, read: int) -> Iterator[bytes]:
    """What `member` gives for `data`, until it needs more or is complete."""
    while True:
        try:
            out = member.decompress(data, _MOST)
        except (zlib.error, OSError, ValueError, EOFError) as exc:
            raise corrupt_data(name, read) from exc
        if out:
            yield out
        if member.eof or member.needs_input:
            return
        data = b""


def _pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    return (block[at : at + _PIECE] for block in blocks for at in range(0, len(block), _PIECE))


CompressionKind: TypeAlias = Literal["none", "gzip", "bz2", "zstd", "zip"]

HEAD = 10
"""Bytes of a file that tell its kind."""

_MAGIC: dict[CompressionKind, re.Pattern[bytes]] = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),  # RFC 1952; 8 is deflate, the only method there is
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # RFC 8878; or a frame to skip
    "bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"),  # "BZh1" alone may be a column's name
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
}


def compression_kind(head: bytes) -> CompressionKind:
    """What a file is that begins with `head`, its first `HEAD` bytes; by its content, never by its name."""
    return next((name for name, magic in _MAGIC.items() if magic.match(head)), "none")


def decompress(
    blocks: Iterable[bytes], kind: CompressionKind, limits: Expansion = DEFAULT_EXPANSION
) -> Iterator[bytes]:
    """What the stream of `kind` contains, in pieces of at most a megabyte; a `zip` is an `Archive` instead.

    Members or frames that follow one another count as one stream, and zero bytes after the last member of
    a gzip or bz2 one are padding, as for gzip itself. Raises `FileRefused`, after what came before, where the
    data are broken, end early, are followed by anything else, or expand beyond `limits`.
    """
    match kind:
        case "none":
            return iter(blocks)
        case "gzip" | "bz2":
            return decompress_members(blocks, kind, limits)
        case "zstd":
            from shared.decoding import zstd  # noqa: PLC0415  # pyarrow, for those alone who need it

            return zstd.decompress(blocks, limits)
        case "zip":
            raise ValueError("a zip is no stream")
