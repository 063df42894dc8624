"""The content of a file that is tried: read as often as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

_BLOCK = 4 * 1024 * 1024
"""Bytes, as storage gives them."""


@dataclass(frozen=True, slots=True)
class Content:
    """What `opened` gives from the beginning each time, `size` bytes in all."""

    opened: Callable[[], Iterator[bytes]]
    size: int

    def __iter__(self) -> Iterator[bytes]:
        """The blocks in order."""
        return self.opened()


def of_bytes(content: bytes) -> Content:
    """The file that has these bytes."""
    return Content(lambda: _blocks(content), len(content))


def _blocks(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), _BLOCK):
        yield content[at : at + _BLOCK]
