"""`Source`: the text of a file, decompressed and decoded to UTF-8, with its format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from shared.decoding.compression import decompress
from shared.decoding.text_decoder import TextDecoder, chain_blocks, first_blocks
from shared.decoding.transcoding import normalize_line_ends
from shared.detection import dialect, file_kind, legacy_encoding
from shared.detection.detect import HEAD_SIZE
from shared.error_codes import warning_text
from shared.errors import FileRefused
from shared.formats.compressions import SIGNATURE_SIZE, detect_compression
from shared.formats.format import Format
from shared.formats.overrides import Overrides

Detect = Callable[[bytes, bool, Overrides], Format]
"""Takes the beginning of the decompressed file, whether that is the whole file, and the overrides."""

_WIDE_ENCODINGS = ("utf-16", "utf-32")
_DOUBLE_CR = warning_text("double_cr")


class Source:
    """One pass over the text of a file."""

    def __init__(self, blocks: Iterable[bytes], overrides: Overrides, detect: Detect) -> None:
        """Read the beginning of the file from its `blocks` and `detect` its format. Raises `FileRefused`."""
        iterator = iter(blocks)
        self._compression, start = _read_compression(iterator, overrides)
        plain = decompress(chain_blocks(start, iterator), self._compression)
        pieces = first_blocks(plain, HEAD_SIZE + 1)
        head = b"".join(pieces)[: HEAD_SIZE + 1]
        is_whole = len(head) <= HEAD_SIZE
        head = head[:HEAD_SIZE]
        self._detected = detect(head, is_whole, overrides)
        if b"\r\r\n" in head.replace(b"\0", b"") and _DOUBLE_CR not in self._detected.doubts:
            self._detected = replace(self._detected, doubts=(*self._detected.doubts, _DOUBLE_CR))
        self._archive = "zip" if self._detected.compression == "zip" else ""
        self._late_warnings: tuple[str, ...] = ()  # of an encoding that is decided below the head
        self._blocks = self._decode(chain_blocks(pieces, plain), head)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the text in UTF-8 in blocks; raises `FileRefused` where compressed data are corrupt."""
        return self._blocks

    @property
    def format(self) -> Format:
        """The format of the file, as far as it is known from the text read so far."""
        encoding = self._text.encoding
        if encoding == "ascii":
            encoding = self._detected.encoding
        elif encoding == "utf-8" and self._text.has_bom:
            encoding = "utf-8-sig"
        return replace(
            self._detected,
            compression=self._compression or self._archive,
            encoding=encoding,
            has_bom=self._text.has_bom,
            doubts=(*self._detected.doubts, *self._late_warnings),
        )

    @property
    def is_as_stored(self) -> bool:
        """Whether the text read so far has at most as many bytes as the file."""
        return not self._compression and self._text.encoding in {"ascii", "utf-8"}

    def _decode(self, blocks: Iterator[bytes], head: bytes) -> Iterator[bytes]:
        """The text in UTF-8, with LF where a CR without LF ends lines.

        Line ends are replaced before decoding, which checks line by line whether the text is UTF-8.
        """
        detected = self._detected
        has_cr_ends = detected.line_end == "\r" or (
            detected.line_end == "mixed"
            and ("line_end" in detected.told or dialect.has_lone_cr(head, detected))
        )
        is_wide = detected.encoding.startswith(_WIDE_ENCODINGS)
        is_explicit = "encoding" in detected.told
        is_undecided = detected.encoding == "utf-8" and not is_explicit and head.isascii()
        self._text = TextDecoder(
            normalize_line_ends(blocks) if has_cr_ends and not is_wide else blocks,
            None if is_undecided else detected.encoding,
            self._guess_encoding,
            is_guess=not is_explicit,
        )
        return normalize_line_ends(self._text) if has_cr_ends and is_wide else iter(self._text)

    def _guess_encoding(self, sample: bytes) -> str:
        guess = legacy_encoding.guess_encoding(sample)
        self._late_warnings = guess.doubts
        return guess.name


def _read_compression(blocks: Iterator[bytes], overrides: Overrides) -> tuple[str, list[bytes]]:
    """The compression of the file, and its first blocks; raises `FileRefused` if the override differs."""
    pieces = first_blocks(blocks, SIGNATURE_SIZE)
    found = detect_compression(b"".join(piece[:SIGNATURE_SIZE] for piece in pieces))
    if found == "zip":
        pieces += first_blocks(blocks, HEAD_SIZE)
        file_kind.check_not_zipped_workbook(b"".join(pieces)[:HEAD_SIZE])
        raise FileRefused("zip_archive")
    if overrides.compression not in {None, "zip", found}:  # "zip": the file is in an archive
        raise FileRefused(
            "compression_mismatch",
            {"option": overrides.compression or "none", "content": found or "not compressed"},
            found=found,
            told=overrides.compression,
        )
    return found, pieces
