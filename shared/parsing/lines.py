"""Physical lines of a stream of bytes, with push-back and skip."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import FileRefused

MAX_RECORD_BYTES = 1024 * 1024
"""The limit for a line, and for a record with line breaks inside quotes; bounds memory on any input."""

_FILL = 64 * 1024
"""The minimum of bytes read at a time, so that small blocks are not copied one by one."""


class Lines:
    """The physical lines of a file, read one after the other.

    `number` is the number of the last line taken, `size` the bytes of all lines taken, `returned` the bytes
    put back in all. `last_blank` is set by the parser: the number of the last blank line between records.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._block = memoryview(b"")  # the part of the last block that is not in the buffer yet
        self._buffer = b""
        self._at = 0
        self._ended = False
        self.number = 0
        self.size = 0
        self.returned = 0
        self.last_blank = 0

    def take(self) -> bytes | None:
        """Return the next line with its line end (the last line may have none), `None` at the file's end.

        A line ends at LF. Raises `FileRefused` for a line longer than `MAX_RECORD_BYTES`: the file is not a
        CSV file, or its lines do not end with LF.
        """
        end = self._buffer.find(b"\n", self._at)
        if end < 0:
            end = self._find_end()
        if end - self._at > MAX_RECORD_BYTES:
            raise FileRefused("line_too_long", {"max_bytes": MAX_RECORD_BYTES}, line=self.number + 1)
        line = self._buffer[self._at : end + 1]
        if not line:
            return None
        self._at += len(line)
        self.size += len(line)
        self.number += 1
        return line

    def put_back(self, lines: list[bytes]) -> None:
        """Return `lines`, the last ones taken: `take` gives them again."""
        size = sum(map(len, lines))
        self.number -= len(lines)
        self.size -= size
        self.returned += size
        if size > self._at:
            self._buffer = b"".join([*lines, self._buffer[self._at :]])
            self._at = size
        self._at -= size

    def ahead(self, size: int) -> bytes:
        """Return about the next `size` bytes without taking them.

        May return half as many, or half as many more, to save a copy; fewer only at the file's end.
        """
        left = len(self._buffer) - self._at
        if (left < size // 2 or not left) and not self._ended:
            self._fill(max(size, 1))
        is_whole = self._at == 0 and len(self._buffer) <= size + size // 2
        return self._buffer if is_whole else self._buffer[self._at : self._at + size]

    def skip(self, size: int, lines: int) -> None:
        """Take the next `size` bytes, which are `lines` whole lines, without returning them."""
        self._at += size
        self.size += size
        self.number += lines

    def _find_end(self) -> int:
        """The position of the next LF or of the file's end, or one too far away for a line."""
        end = -1
        while end < 0 and not self._ended and len(self._buffer) - self._at <= MAX_RECORD_BYTES:
            self._fill(len(self._buffer) - self._at + _FILL)
            end = self._buffer.find(b"\n")
        return len(self._buffer) if end < 0 else end

    def _fill(self, size: int) -> None:
        """Read until the buffer has `size` bytes, fewer only at the file's end."""
        pieces: list[bytes | memoryview] = [self._buffer[self._at :]]
        buffered = len(pieces[0])
        self._buffer = b""  # frees its memory while the next block is read
        while buffered < size and self._next_block():
            piece = self._block[: size - buffered]
            self._block = self._block[len(piece) :]
            pieces.append(piece)
            buffered += len(piece)
        self._ended = buffered < size
        self._buffer = b"".join(pieces)
        self._at = 0

    def _next_block(self) -> bool:
        """Read the next block if the last one is in the buffer; return whether there is one."""
        while not self._block:
            self._block = memoryview(b"")  # an empty slice would keep its block while the next one is read
            block = next(self._blocks, None)
            if block is None:
                return False
            self._block = memoryview(block)
        return True
