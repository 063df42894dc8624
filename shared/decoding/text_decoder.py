"""Decodes a file's blocks to UTF-8, detecting the encoding where it is not given."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from shared.decoding.transcoding import canonical_encoding, transcode, transcode_marking_utf8

MARK_HEAD = 4096
"""Bytes that are enough to look at."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"\x84\x31\x95\x33": "gb18030",
}

_OFTEN = 0.05
"""Share of a text's characters that are ASCII, in any language: delimiters, digits, line ends."""

_MOSTLY, _SELDOM = 0.9, 0.1
"""Shares that allow for some characters, or some broken bytes, that are unlike the others."""


def byte_order_mark(head: bytes) -> tuple[str, int] | None:
    """The encoding whose byte order mark `head` begins with, and the mark's length."""
    for known, encoding in _MARKS.items():
        if head.startswith(known):
            return encoding, len(known)
    return None


def detect_by_nulls(head: bytes) -> str | None:
    """UTF-16 or UTF-32 where NULs stand in `head` as their ASCII characters have them."""
    if b"\0" not in head:
        return None
    nuls = [head[place::4].count(0) for place in range(4)]
    characters = len(head) // 4
    for encoding, filled in (("utf-32-le", 0), ("utf-32-be", 3)):
        # two of the other bytes are NUL in all but rare characters, and the third in those of ASCII
        few, many, _ = sorted(nuls[:filled] + nuls[filled + 1 :])
        if many > characters * _MOSTLY and few > characters * _OFTEN and nuls[filled] < characters * _SELDOM:
            return encoding
    even, odd = nuls[0] + nuls[2], nuls[1] + nuls[3]
    for encoding, here, there in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if here > max(1, 2 * characters * _OFTEN) and there <= here * _SELDOM:
            return encoding
    return None


SAMPLE = 64 * 1024
"""Bytes, from the first one that is not ASCII, by which an encoding is decided."""


def is_western(_sample: bytes) -> str:
    """The encoding of most files that are not UTF-8."""
    return "cp1252"


class TextDecoder:
    """One pass over a file: iterate over it for its text in UTF-8, then ask what was decided.

    `decided` is the encoding by Python's name, "ascii" as long as no byte said otherwise, and `decided_at`
    how many bytes came before those by which it was decided. `marked` says that it was by a byte order mark,
    which is left out of the text. What is invalid in the encoding comes out as invalid UTF-8.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        encoding: str | None = None,
        judge: Callable[[bytes], str] = is_western,
        *,
        guessed: bool = False,
    ) -> None:
        """`encoding` is what was given, or `guessed` from a sample; a byte order mark is believed more.

        Without it `judge` is asked, once, which one a sample is in that is not ASCII, UTF-8, -16 or -32.
        Raises `FileRefused` for an encoding that there is not.
        """
        self._blocks = iter(blocks)
        self._given = encoding and canonical_encoding(encoding)
        self._guessed = guessed
        self._judge = judge
        self.decided = "ascii"
        self.decided_at: int | None = None
        self.marked = False

    def __iter__(self) -> Iterator[bytes]:
        """The text, once, in blocks of up to some megabytes."""
        head = _first(self._blocks, MARK_HEAD)
        if mark := byte_order_mark(head):
            self.marked = True
            return self._known(_after(head[mark[1] :], self._blocks), mark[0])
        wide = detect_by_nulls(head)
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
        return transcode_marking_utf8(blocks, encoding) if guessed else transcode(blocks, encoding)

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
        return "utf-8" if _is_utf8(sample) else canonical_encoding(self._judge(before + sample))


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
