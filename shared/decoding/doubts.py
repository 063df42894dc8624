"""Lines that are UTF-8 in a file taken for something else: it changed its mind, or the guess was wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

_LONGEST = 1024 * 1024
"""Bytes of a line that are held; the pieces of a longer one are looked at by themselves."""

_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_FOREIGN = re.compile(rb"[\x80-\xff]")

_FIRST, _CONTINUATION = 0xC2, 0x80
"""How the first byte of a character begins at least, and what the upper bits of others are (RFC 3629)."""

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
    """Start and end of the lines that have a character of UTF-8, and none that is broken off at its start."""
    if block.isascii():
        return
    octets = np.frombuffer(block, np.uint8)
    begins = octets[:-1] >= _FIRST
    goes_on = (octets[1:] & 0xC0) == _CONTINUATION
    ends = np.flatnonzero(octets == ord("\n"))
    possible = _lines(begins & goes_on, ends)
    if possible.size:
        for line in np.setdiff1d(possible, _lines(begins & ~goes_on, ends), assume_unique=True).tolist():
            yield (int(ends[line - 1]) if line else 0, int(ends[line]) if line < len(ends) else len(block))


def _lines(places: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The lines, by number from 0, in which any of `places` is true."""
    return np.unique(np.searchsorted(ends, np.flatnonzero(places)))


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
