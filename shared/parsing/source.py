"""The text of a file: decompressed, its format detected, decoded to UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from shared.decoding.compression import decompress
from shared.decoding.text_decoder import TextDecoder, chain_blocks, first_blocks
from shared.decoding.transcoding import normalize_line_ends
from shared.detection import dialect, file_kind, legacy_encoding
from shared.detection.detect import HEAD_SIZE
from shared.errors import FileRefused
from shared.formats.compressions import SIGNATURE_SIZE, detect_compression
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
        plain = decompress(chain_blocks(start, iterator), self._kind)
        pieces = first_blocks(plain, HEAD_SIZE + 1)
        head = b"".join(pieces)[: HEAD_SIZE + 1]
        is_whole = len(head) <= HEAD_SIZE
        head = head[:HEAD_SIZE]
        self._found = detect(head, is_whole, overrides)
        if b"\r\r\n" in head.replace(b"\0", b"") and _TWO_CRS not in self._found.doubts:
            self._found = replace(self._found, doubts=(*self._found.doubts, _TWO_CRS))
        self._archive = "zip" if self._found.compression == "zip" else ""
        self._late: tuple[str, ...] = ()  # what is doubtful about an encoding that is decided late
        self._blocks = self._decoded(chain_blocks(pieces, plain), head)

    def __iter__(self) -> Iterator[bytes]:
        """The text in UTF-8, in blocks; raises `FileRefused` where what was compressed is broken."""
        return self._blocks

    @property
    def format(self) -> Format:
        """What the file turned out to be so far."""
        encoding = self._text.encoding
        if encoding == "ascii":
            encoding = self._found.encoding
        elif encoding == "utf-8" and self._text.has_bom:
            encoding = "utf-8-sig"
        return replace(
            self._found,
            compression=self._kind or self._archive,
            encoding=encoding,
            has_bom=self._text.has_bom,
            doubts=(*self._found.doubts, *self._late),
        )

    @property
    def is_as_stored(self) -> bool:
        """Whether the text has at most as many bytes as the file, so far."""
        return not self._kind and self._text.encoding in {"ascii", "utf-8"}

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
            self._guess,
            is_guess=not is_told,
        )
        return normalize_line_ends(self._text) if has_cr_ends and is_wide else iter(self._text)

    def _guess(self, sample: bytes) -> str:
        guess = legacy_encoding.guess_encoding(sample)
        self._late = guess.doubts
        return guess.name


def _kind(blocks: Iterator[bytes], overrides: Overrides) -> tuple[str, list[bytes]]:
    """How the file is compressed, and its first blocks; raises `FileRefused` where it is told otherwise."""
    pieces = first_blocks(blocks, SIGNATURE_SIZE)
    kind = detect_compression(b"".join(piece[:SIGNATURE_SIZE] for piece in pieces))
    if kind == "zip":
        pieces += first_blocks(blocks, HEAD_SIZE)
        file_kind.check_not_zipped_workbook(b"".join(pieces)[:HEAD_SIZE])
        raise FileRefused("zip_archive", "The file is a zip archive where a CSV file was expected.")
    if overrides.compression not in {None, "zip", kind}:  # of an archive, this is a member
        raise FileRefused(
            "compression_mismatch",
            f"The file was told to be {overrides.compression or 'uncompressed'}; "
            f"it is {kind or 'uncompressed'}.",
            found=kind,
            told=overrides.compression,
        )
    return kind, pieces
