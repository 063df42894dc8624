"""The text of a file: decompressed, its format detected, decoded to UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from shared.decoding import compression
from shared.decoding.text_decoder import TextDecoder
from shared.decoding.transcoding import normalize_line_ends
from shared.detection import dialect, legacy_encoding
from shared.detection import file_kind as archives
from shared.detection.detect import HEAD
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides

Detect = Callable[[bytes, bool, Overrides], Format]
"""Takes the beginning of the decompressed file, whether that is all, and what is told."""

_WIDE = ("utf-16", "utf-32")
_TWO_CRS = "Lines end in CR CR LF, which counts as one line end."


class Source:
    """One pass over the text of a file of `blocks`; what it is, is told by the bytes alone."""

    def __init__(self, blocks: Iterable[bytes], overrides: Overrides, detect: Detect) -> None:
        """Read the beginning, and `detect` its format. Raises `FileRefused`."""
        iterator = iter(blocks)
        self._kind, start = _kind(iterator, overrides)
        plain = compression.decompress(_after(start, iterator), self._kind)
        pieces = _first(plain, HEAD + 1)
        head = b"".join(pieces)[: HEAD + 1] if len(pieces) > 1 else pieces[0][: HEAD + 1]
        is_whole = len(head) <= HEAD
        head = head[:HEAD]
        self._found = detect(head, is_whole, overrides)
        if b"\r\r\n" in head.replace(b"\0", b"") and _TWO_CRS not in self._found.doubts:
            self._found = replace(self._found, doubts=(*self._found.doubts, _TWO_CRS))
        self._archive = "zip" if self._found.compression == "zip" else ""
        self._late: tuple[str, ...] = ()  # what is doubtful about an encoding that is decided late
        self._blocks = self._decoded(_after(pieces, plain), head)

    def __iter__(self) -> Iterator[bytes]:
        """The text in UTF-8, in blocks; raises `FileRefused` where what was compressed is broken."""
        return self._blocks

    @property
    def format(self) -> Format:
        """What the file turned out to be so far."""
        encoding = {"iso8859-1": "latin-1"}.get(self._text.decided, self._text.decided)
        if encoding == "ascii":
            encoding = self._found.encoding
        elif encoding == "utf-8" and self._text.marked:
            encoding = "utf-8-sig"
        return replace(
            self._found,
            compression=self._kind if self._kind != "none" else self._archive,
            encoding=encoding,
            has_bom=self._text.marked,
            doubts=(*self._found.doubts, *self._late),
        )

    @property
    def is_as_stored(self) -> bool:
        """Whether the text has at most as many bytes as the file, so far."""
        return self._kind == "none" and self._text.decided in {"ascii", "utf-8"}

    def _decoded(self, blocks: Iterator[bytes], head: bytes) -> Iterator[bytes]:
        """The text, with LF where a CR alone ends lines: before lines are asked whether they are UTF-8."""
        found = self._found
        has_cr_ends = found.line_end == "\r" or (
            found.line_end == "mixed" and ("line_end" in found.told or dialect.has_lone_cr(head, found))
        )
        is_wide = found.encoding.startswith(_WIDE)
        is_told = "encoding" in found.told
        is_open = found.encoding == "utf-8" and not is_told and head.isascii()
        self._text = TextDecoder(
            normalize_line_ends(blocks) if has_cr_ends and not is_wide else blocks,
            None if is_open else found.encoding,
            self._judge,
            guessed=not is_told,
        )
        return normalize_line_ends(self._text) if has_cr_ends and is_wide else iter(self._text)

    def _judge(self, sample: bytes) -> str:
        guess = legacy_encoding.guess_encoding(sample)
        self._late = guess.doubts
        return guess.name


def _kind(blocks: Iterator[bytes], overrides: Overrides) -> tuple[compression.CompressionKind, list[bytes]]:
    """How the file is compressed, and its first blocks; raises `FileRefused` where it is told otherwise."""
    pieces = _first(blocks, compression.HEAD)
    kind = compression.compression_kind(b"".join(piece[: compression.HEAD] for piece in pieces))
    found = "" if kind == "none" else kind
    if kind == "zip":
        pieces += _first(blocks, HEAD)
        archives.detect_compression(b"".join(pieces)[:HEAD])
        raise FileRefused("zip_archive", "The file is a zip archive where a CSV file was expected.")
    if overrides.compression not in {None, "zip", found}:  # of an archive, this is a member
        raise FileRefused(
            "compression_mismatch",
            f"The file was told to be {overrides.compression or 'uncompressed'}; "
            f"it is {found or 'uncompressed'}.",
            found=found,
            told=overrides.compression,
        )
    return kind, pieces


def _first(blocks: Iterator[bytes], size: int) -> list[bytes]:
    """The blocks that come next, at least one, until they have `size` bytes; fewer only at the end."""
    pieces = [b""]
    held = 0
    while held < size and (block := next(blocks, None)) is not None:
        pieces.append(block)
        held += len(block)
    return pieces[1:] or pieces


def _after(pieces: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """`pieces` and then `blocks`, without keeping any meanwhile."""
    while pieces:
        yield pieces.pop(0)
    yield from blocks
