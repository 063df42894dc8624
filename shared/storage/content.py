"""The content of a blob version or archive member: streamed or hashed, any number of times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

_HEAD = 1024 * 1024
"""Bytes whose hash tells most files of the same size apart."""


class Content:
    """The bytes that `opened` gives in blocks of some megabytes, from the beginning each time it is called.

    Nothing is read before it is asked for. Those of a blob raise azure's `ResourceModifiedError` or
    `ResourceNotFoundError` when it was replaced or deleted, those of a file in it `FileRefused` besides.
    """

    def __init__(self, opened: Callable[[], Iterator[bytes]], size: int) -> None:
        """Of what has `size` bytes."""
        self._opened = opened
        self._size = size
        self._blocks: Iterator[bytes] | None = None
        self._is_whole = False

    @property
    def head(self) -> bytes:
        """Its beginning, as long as it was not iterated over: a megabyte, or all that the first block has."""
        return self._first[:_HEAD]

    @cached_property
    def head_sha256(self) -> str:
        """Of the beginning, in hexadecimal; to be asked for before it is iterated over."""
        return hashlib.sha256(self.head).hexdigest()

    @cached_property
    def _first(self) -> bytes:
        """The first block, read when it is wanted."""
        self._blocks = self._opened()
        first = next(self._blocks, b"")
        self._is_whole = len(first) == self._size
        return first

    def sha256(self) -> str:
        """Of all of it, in hexadecimal; what follows the first block is read for this alone."""
        digest = hashlib.sha256(self._first)
        if not self._is_whole:
            for block in self._rest():
                digest.update(block)
        return digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        """The blocks in order; of what is not whole in its first block, none is kept meanwhile."""
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
        """What follows the first block."""
        blocks, self._blocks = self._blocks, None
        if blocks is None:
            blocks = self._opened()
            next(blocks)
        return blocks


_BLOCK = 4 * 1024 * 1024
"""Bytes, as storage gives them."""


@dataclass(frozen=True, slots=True)
class TrialContent:
    """What `opened` gives from the beginning each time, `size` bytes in all."""

    opened: Callable[[], Iterator[bytes]]
    size: int

    def __iter__(self) -> Iterator[bytes]:
        """The blocks in order."""
        return self.opened()


def of_bytes(content: bytes) -> TrialContent:
    """The file that has these bytes."""
    return TrialContent(lambda: _blocks(content), len(content))


def _blocks(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), _BLOCK):
        yield content[at : at + _BLOCK]
