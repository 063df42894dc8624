"""Decodes a file's blocks to UTF-8, detecting the encoding if it is not given."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator

from shared.decoding.transcoding import codec_name, transcode, transcode_marking_utf8

_HEAD_SIZE = 4096
"""Bytes at the beginning of a file in which a byte order mark and NULs are searched."""

SAMPLE_SIZE = 64 * 1024
"""Bytes, from the first one that is not ASCII, by which an encoding is chosen."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"\x84\x31\x95\x33": "gb18030",
}

_MIN_ASCII = 0.1
"""Share of the characters that are ASCII in any language: delimiters, digits and line ends."""

_MAX_NULS_ELSEWHERE = 0.05
"""NULs at the wrong places over NULs at the right ones: a few characters, or a few corrupt bytes."""

_MIN_UTF32_NULS = 0.9
"""Share of the UTF-32 characters that have NULs in both upper bytes: all but rare ones."""


def byte_order_mark(head: bytes) -> tuple[str, int] | None:
    """Return the encoding whose byte order mark `head` begins with, and the length of the mark."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    return None


def detect_by_nulls(head: bytes, min_nulls: int = 2) -> str | None:
    """Return UTF-16 or UTF-32 with its byte order, if `head` has NULs at the positions of its ASCII text.

    A single NUL may be a corrupt byte in the middle of a file, but not in a whole file of a few characters.
    """
    if b"\0" not in head or _begins_with_ascii_line(head):
        return None
    nulls = [head[offset::4].count(0) for offset in range(4)]
    characters = len(head) // 4
    for encoding, filled in (("utf-32-le", 0), ("utf-32-be", 3)):
        # two of the other bytes are NUL in all but rare characters, and the third one in those of ASCII
        few, many, _ = sorted(nulls[:filled] + nulls[filled + 1 :])
        if (
            many > characters * _MIN_UTF32_NULS
            and few > characters * _MIN_ASCII
            and nulls[filled] < characters * (1 - _MIN_UTF32_NULS)
        ):
            return encoding
    even, odd = nulls[0] + nulls[2], nulls[1] + nulls[3]
    pairs = len(head) // 2
    for encoding, upper, lower in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if max(_MIN_ASCII * pairs, min_nulls) <= upper and lower <= upper * _MAX_NULS_ELSEWHERE:
            return encoding
    return None


def _begins_with_ascii_line(head: bytes) -> bool:
    """Whether lines of ASCII stand above the UTF-16 that another program has appended."""
    above = head[: max(head.find(b"\0") - 1, 0)]
    return above.isascii() and b"\n" in above


def _guess_western(_sample: bytes) -> str:
    """The encoding of most files that are not UTF-8."""
    return "cp1252"


class TextDecoder:
    """One pass over a file: iterate over it for its text in UTF-8, then read the attributes.

    `encoding` is Python's name of the encoding, "ascii" until another byte is read. `has_bom` is whether a
    byte order mark shows it; the mark is not part of the text. Bytes that are invalid in the encoding become
    bytes that are invalid in UTF-8.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        encoding: str | None = None,
        guess: Callable[[bytes], str] = _guess_western,
        *,
        is_guess: bool = False,
    ) -> None:
        """Decode from `encoding`, unless the file begins with the byte order mark of another one.

        `is_guess` is whether `encoding` was only guessed from a sample. Without `encoding`, `guess` is
        called at most once, with a sample that is not ASCII, UTF-8, UTF-16 or UTF-32. Raises `FileRefused`
        for an unknown encoding.
        """
        self._blocks = iter(blocks)
        self._given = encoding and codec_name(encoding)
        self._is_guess = is_guess
        self._guess = guess
        self.encoding = "ascii"
        self.has_bom = False

    def __iter__(self) -> Iterator[bytes]:
        """Return the text, once, in blocks of up to some megabytes."""
        pieces = first_blocks(self._blocks, _HEAD_SIZE)
        head = b"".join(pieces)
        if mark := byte_order_mark(head):
            self.has_bom = True
            return self._decode(chain_blocks([head[mark[1] :]], self._blocks), mark[0])
        wide = detect_by_nulls(head)
        blocks = chain_blocks(pieces, self._blocks)
        if self._given in {"utf-16", "utf-32"}:
            return self._decode(blocks, wide or f"{self._given}-le")
        if encoding := self._given or wide:
            return self._decode(blocks, encoding, is_guess=self._is_guess)
        return self._decode_after_ascii(blocks)

    def _decode(self, blocks: Iterator[bytes], encoding: str, *, is_guess: bool = False) -> Iterator[bytes]:
        self.encoding = encoding
        if encoding == "utf-8":
            return blocks
        return transcode_marking_utf8(blocks, encoding) if is_guess else transcode(blocks, encoding)

    def _decode_after_ascii(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass ASCII through, which is the same in all encodings that are left, and then choose one."""
        for block in blocks:
            if block.isascii():
                yield block
                continue
            at = _first_non_ascii(block)
            line_start = block[block.rfind(b"\n", 0, at) + 1 : at][-SAMPLE_SIZE:]
            yield block[:at]
            pieces = [block[at:], *first_blocks(blocks, SAMPLE_SIZE - len(block) + at)]
            encoding = self._encoding_of(line_start, b"".join(pieces)[:SAMPLE_SIZE])
            rest = chain_blocks(pieces, blocks)
            del block, pieces  # frees their memory while the rest is read
            yield from self._decode(rest, encoding, is_guess=True)

    def _encoding_of(self, line_start: bytes, sample: bytes) -> str:
        return "utf-8" if _is_utf8(sample) else codec_name(self._guess(line_start + sample))


def first_blocks(blocks: Iterator[bytes], size: int) -> list[bytes]:
    """Take blocks until they have `size` bytes; fewer only at the end of the file."""
    taken: list[bytes] = []
    while size > 0 and (block := next(blocks, None)) is not None:
        taken.append(block)
        size -= len(block)
    return taken


def chain_blocks(taken: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return `taken`, which is emptied to free the memory, and then `blocks`."""
    while taken:
        yield taken.pop(0)
    yield from blocks


def _first_non_ascii(block: bytes) -> int:
    """Return the position of the first byte that is not ASCII; there must be one."""
    at, size = 0, len(block)
    while size > 1:
        size = (size + 1) // 2
        if block[at : at + size].isascii():
            at += size
    return at


def _is_utf8(sample: bytes) -> bool:
    """Whether more characters are valid in UTF-8 than bytes are not; the last character may be cut off.

    A few corrupt bytes do not make the file something else: their rows are rejected, while with another
    encoding all other letters would be wrong.
    """
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(sample)
    foreign = sum(char > "\x7f" for char in text)
    invalid = sum("\udc80" <= char <= "\udcff" for char in text)
    return foreign - invalid > invalid
