"""The text of a file as UTF-8, whatever its encoding; decided as late as possible where nobody said which."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from shared.decoding import marks
from shared.decoding.transcoding import canonical, doubted, transcoded

SAMPLE = 64 * 1024
"""Bytes, from the first one that is not ASCII, by which an encoding is decided."""


def western(_sample: bytes) -> str:
    """The encoding of most files that are not UTF-8."""
    return "cp1252"


class Text:
    """One pass over a file: iterate over it for its text in UTF-8, then ask what was decided.

    `decided` is the encoding by Python's name, "ascii" as long as no byte said otherwise, and `decided_at`
    how many bytes came before those by which it was decided. `marked` says that it was by a byte order mark,
    which is left out of the text. What is invalid in the encoding comes out as invalid UTF-8.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        encoding: str | None = None,
        judge: Callable[[bytes], str] = western,
        *,
        guessed: bool = False,
    ) -> None:
        """`encoding` is what was given, or `guessed` from a sample; a byte order mark is believed more.

        Without it `judge` is asked, once, which one a sample is in that is not ASCII, UTF-8, -16 or -32.
        Raises `FileRefused` for an encoding that there is not.
        """
        self._blocks = iter(blocks)
        self._given = encoding and canonical(encoding)
        self._guessed = guessed
        self._judge = judge
        self.decided = "ascii"
        self.decided_at: int | None = None
        self.marked = False

    def __iter__(self) -> Iterator[bytes]:
        """The text, once, in blocks of up to some megabytes."""
        head = _first(self._blocks, marks.HEAD)
        if mark := marks.mark(head):
            self.marked = True
            return self._known(_after(head[mark[1] :], self._blocks), mark[0])
        wide = marks.by_nuls(head)
        blocks = _after(head, self._blocks)
        if self._given in {"utf-16", "utf-32"}:
            return self._known(blocks, wide or f"{self._given}-le")
        if encoding := self._given or wide:
            return self._known(blocks, encoding, guessed=self._guessed)
        return self._decided_late(blocks)

    def _known(
        self, blocks: Iterator[bytes], encoding: str, at: int = 0, *, guessed: bool = False
    ) -> Iterator[bytes]:
        self.decided, self.decided_at = encoding, at
        if encoding == "utf-8":
            return blocks
        return doubted(blocks, encoding) if guessed else transcoded(blocks, encoding)

    def _decided_late(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """ASCII says the same in all encodings that are left, so it passes until something else comes."""
        passed = 0
        for block in blocks:
            if block.isascii():
                passed += len(block)
                yield block
                continue
            at = _first_foreign(block)
            before = block[block.rfind(b"\n", 0, at) + 1 : at][-SAMPLE:]
            yield block[:at]
            rest = _first(blocks, SAMPLE, block[at:])
            encoding = self._encoding(before, rest[:SAMPLE])
            left = _after(rest, blocks)
            del block, rest  # they need not be kept while the rest is read
            yield from self._known(left, encoding, passed + at, guessed=True)

    def _encoding(self, before: bytes, sample: bytes) -> str:
        return "utf-8" if _is_utf8(sample) else canonical(self._judge(before + sample))


def _first(blocks: Iterator[bytes], size: int, start: bytes = b"") -> bytes:
    """`start` and what comes next, `size` bytes or a bit more; fewer only at the end."""
    pieces, held = [start], len(start)
    while held < size and (block := next(blocks, None)) is not None:
        pieces.append(block)
        held += len(block)
    return b"".join(pieces)


def _after(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """`first` and then `blocks`, without keeping it meanwhile."""
    yield first
    del first
    yield from blocks


def _first_foreign(block: bytes) -> int:
    """Where the first byte that is not ASCII is; there is one."""
    at, size = 0, len(block)
    while size > 1:
        size = (size + 1) // 2
        if block[at : at + size].isascii():
            at += size
    return at


def _is_utf8(sample: bytes) -> bool:
    """Whether UTF-8 explains more of the characters than it leaves invalid bytes; a last one may be cut off.

    A few broken bytes do not make UTF-8 something else: their rows are rejected, while all others would come
    out wrong without a word.
    """
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)
    foreign = sum(char > "\x7f" for char in text)
    invalid = sum("\udc80" <= char <= "\udcff" for char in text)
    return foreign - invalid > invalid
