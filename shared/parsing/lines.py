"""Physical lines of a stream of bytes, with push-back and skip."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import FileRefused

LONGEST_RECORD = 1024 * 1024
"""Bytes of a line, and of a record with line breaks inside quotes; keeps memory bounded on any input."""

_FILL = 64 * 1024
"""Bytes read at least at a time, so that small blocks do not cost a copy each."""


class Lines:
    """The place in the file up to which it was read.

    `number` counts the lines taken so far, so it is the number of the one taken last, and `size` their bytes;
    `returned` is the sum of bytes put back. `last_blank` is for those who take them: the number of the last
    blank one between records.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._block = memoryview(b"")  # what of the last block is not held yet
        self._held = b""
        self._at = 0
        self._ended = False
        self.number = 0
        self.size = 0
        self.returned = 0
        self.last_blank = 0

    def take(self) -> bytes | None:
        """The next line with its line end, the last one perhaps without; `None` at the file's end.

        A line ends at LF. Raises `FileRefused` for a line longer than `LONGEST_RECORD`: that is no CSV file,
        or one whose line ends are not LF.
        """
        end = self._held.find(b"\n", self._at)
        if end < 0:
            end = self._find_end()
        if end - self._at > LONGEST_RECORD:
            raise _too_long(self.number + 1)
        line = self._held[self._at : end + 1]
        if not line:
            return None
        self._at += len(line)
        self.size += len(line)
        self.number += 1
        return line

    def put_back(self, lines: list[bytes]) -> None:
        """Have `lines`, the last ones taken, once more before the others."""
        size = sum(map(len, lines))
        self.number -= len(lines)
        self.size -= size
        self.returned += size
        if size > self._at:
            self._held = b"".join([*lines, self._held[self._at :]])
            self._at = size
        self._at -= size

    def ahead(self, size: int) -> bytes:
        """About `size` bytes that come next, without taking them.

        Half as many, or half as many more, where this saves a copy; fewer only at the file's end.
        """
        left = len(self._held) - self._at
        if (left < size // 2 or not left) and not self._ended:
            self._fill(max(size, 1))
        whole = self._at == 0 and len(self._held) <= size + size // 2
        return self._held if whole else self._held[self._at : self._at + size]

    def skip(self, size: int, lines: int) -> None:
        """Count the next `size` bytes, which are `lines` lines, as taken."""
        self._at += size
        self.size += size
        self.number += lines

    def _find_end(self) -> int:
        """Where the next line ends, its LF or the file's end; or a place too far away for either."""
        end = -1
        while end < 0 and not self._ended and len(self._held) - self._at <= LONGEST_RECORD:
            self._fill(len(self._held) - self._at + _FILL)
            end = self._held.find(b"\n")
        return len(self._held) if end < 0 else end

    def _fill(self, size: int) -> None:
        """Hold `size` bytes, fewer only at the file's end."""
        pieces: list[bytes | memoryview] = [self._held[self._at :]]
        held = len(pieces[0])
        self._held = b""  # it need not be kept while the next block is on its way
        while held < size and self._next_block():
            piece = self._block[: size - held]
            self._block = self._block[len(piece) :]
            pieces.append(piece)
            held += len(piece)
        self._ended = held < size
        self._held = b"".join(pieces)
        self._at = 0

    def _next_block(self) -> bool:
        """Have a block of which something is not held yet, unless the file ended."""
        while not self._block:
            self._block = memoryview(b"")  # an empty rest would keep its block while the next is on its way
            block = next(self._blocks, None)
            if block is None:
                return False
            self._block = memoryview(block)
        return True


def _too_long(number: int) -> FileRefused:
    return FileRefused(
        "line_too_long",
        f"Line {number} is longer than {LONGEST_RECORD} bytes; this is no CSV file with LF or CRLF ends.",
        line=number,
    )
