"""Lines that are UTF-8 in a file taken for something else: it changed its mind, or the guess was wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np

_LONGEST = 1024 * 1024
"""Bytes of a line that are held; the pieces of a longer one are looked at by themselves."""

_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_FOREIGN = re.compile(rb"[\x80-\xff]")

_ALWAYS = b"\xff"
"""A byte that UTF-8 never has, so that whoever reads the line as UTF-8 rejects it, and shows its text."""


def split(blocks: Iterable[bytes], encoding: str) -> Iterator[tuple[bytes, bool]]:
    """The text in pieces, and of each whether it is a line to pass on as it is, for the reader to reject.

    A line in which all that is not ASCII is valid UTF-8 is hardly ever anything else: in an encoding of
    single bytes it would be pairs such as `Ã¤` and nothing besides. Encodings of several bytes look like
    UTF-8 more often, by chance, so there it takes a line with many characters.
    """
    least = 1 if _single(encoding) else 12
    for block in _whole_lines(blocks):
        done = 0
        for start, end in _candidates(block):
            line = block[start:end]
            if _is_utf8(line, least):
                yield block[done:start], False
                at = _first_foreign(line)
                yield line[:at] + _ALWAYS + line[at:], True
                done = end
        yield block[done:], False


def _single(encoding: str) -> bool:
    return len(bytes(range(256)).decode(encoding, "replace")) == 256  # noqa: PLR2004  # all that a byte can be


def _is_utf8(line: bytes, least: int) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return least == 1 or len(_CHARACTER.findall(line)) >= least


def _first_foreign(line: bytes) -> int:
    found = _FOREIGN.search(line)
    return found.start() if found else len(line)


def _candidates(block: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each line that has two bytes in a row as characters of UTF-8 begin with."""
    if block.isascii():
        return
    bytes_ = np.frombuffer(block, np.uint8)
    begins = (bytes_[:-1] >= 0xC2) & ((bytes_[1:] & 0xC0) == 0x80)  # noqa: PLR2004  # see RFC 3629
    seen = 0
    for place in np.flatnonzero(begins).tolist():
        if place < seen:
            continue
        start = block.rfind(b"\n", seen, place) + 1 or seen
        end = block.find(b"\n", place)
        seen = len(block) if end < 0 else end
        yield start, seen


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end and len(held) + len(block) < _LONGEST:
            held += block
            continue
        end = end or len(block)
        yield held + block[:end]
        held = block[end:]
    if held:
        yield held
