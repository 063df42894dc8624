"""Compressed streams: which kind one is, and what comes out of it.

What is compressed twice is decompressed once; the rest is for whoever reads the text to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from shared.decoding import gzip_bz2
from shared.decoding.expansion import USUAL, Expansion

Kind: TypeAlias = Literal["none", "gzip", "bz2", "zstd", "zip"]

HEAD = 10
"""Bytes of a file that tell its kind."""

_MAGIC: dict[Kind, re.Pattern[bytes]] = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),  # RFC 1952; 8 is deflate, the only method there is
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),  # RFC 8878; or a frame to skip
    "bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)"),  # "BZh1" alone may be a column's name
    "zip": re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)"),
}


def kind(head: bytes) -> Kind:
    """What a file is that begins with `head`, its first `HEAD` bytes; by its content, never by its name."""
    return next((name for name, magic in _MAGIC.items() if magic.match(head)), "none")


def decompressed(blocks: Iterable[bytes], kind: Kind, limits: Expansion = USUAL) -> Iterator[bytes]:
    """What the stream of `kind` contains, in pieces of at most a megabyte; a `zip` is an `Archive` instead.

    Members or frames that follow one another count as one stream, and zero bytes after the last member of
    a gzip or bz2 one are padding, as for gzip itself. Raises `FileRefused`, after what came before, where the
    data are broken, end early, are followed by anything else, or expand beyond `limits`.
    """
    match kind:
        case "none":
            return iter(blocks)
        case "gzip" | "bz2":
            return gzip_bz2.decompressed(blocks, kind, limits)
        case "zstd":
            from shared.decoding import zstd  # noqa: PLC0415  # pyarrow, for those alone who need it

            return zstd.decompressed(blocks, limits)
        case "zip":
            raise ValueError("a zip is no stream")
