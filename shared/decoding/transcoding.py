"""Text of a known encoding as UTF-8, losing nothing of what is invalid in it."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from shared.decoding import doubts
from shared.decoding.kept import HANDLER
from shared.errors import FileRefused

_PIECE = 64 * 1024
"""Bytes decoded at a time; they and their text fit into a processor's nearest memory."""

_NOT_OF_FILES = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
"""Codecs that Python counts as encodings of text, though no file is written in them."""

_ASCII = bytes(range(128))
_SHIFTING = ("iso2022", "hz", "utf-7")
"""How encodings are called that write everything in bytes of ASCII, which then are not what they seem."""


def canonical(encoding: str) -> str:
    """Python's name of `encoding`; raises `FileRefused` where it has none."""
    try:
        b"a".decode(encoding, HANDLER)  # some codecs are not of text
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as exc:
        raise _unknown(encoding) from exc
    if name.replace("-", "_") in _NOT_OF_FILES:
        raise _unknown(encoding)
    return "utf-8" if name == "utf-8-sig" else name


def transcoded(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """`blocks`, which are in `encoding`, as UTF-8; bytes that are invalid in it as bytes invalid in UTF-8."""
    return _encoded(((block, False) for block in blocks), encoding)


def doubted(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """As `transcoded`, where `encoding` was guessed: lines that contradict it come out as invalid UTF-8."""
    return (
        _encoded(doubts.split(blocks, encoding), encoding)
        if _alike(encoding)
        else transcoded(blocks, encoding)
    )


def _encoded(pieces: Iterable[tuple[bytes, bool]], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(HANDLER)
    alike = _alike(encoding)
    for block, done in pieces:
        if done:
            yield block
            continue
        for at in range(0, len(block), _PIECE):
            piece = block[at : at + _PIECE]
            if alike and piece.isascii() and not decoder.getstate()[0]:
                yield piece
            elif text := decoder.decode(piece):
                yield text.encode("utf-8", HANDLER)
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", HANDLER)


def _alike(encoding: str) -> bool:
    """Whether bytes of ASCII are always ASCII in it."""
    return not encoding.startswith(_SHIFTING) and _ASCII.decode(encoding, HANDLER) == _ASCII.decode("ascii")


def _unknown(encoding: str) -> FileRefused:
    return FileRefused("unknown_encoding", f"There is no encoding {encoding!r}.", encoding=encoding)
