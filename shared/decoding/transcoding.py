"""Transcodes text of a known encoding to UTF-8 without losing invalid bytes.

Python's `surrogateescape` does so for bytes from 0x80 in encodings that contain ASCII. The error handler of
this module does it for each byte of each encoding, and never turns invalid bytes into valid UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from shared.errors import FileRefused
from shared.formats.format import encoding_name

HANDLER = "shared.decoding.transcoding"
"""The error handler, both to decode and to encode as UTF-8."""

_SURROGATES = 0xDC00
_LEAD_BYTES = range(_SURROGATES + 0xC2, _SURROGATES + 0xF5)
_NON_ASCII_BYTES = range(_SURROGATES + 0x80, _SURROGATES + 0x100)


def _keep_invalid(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        invalid = error.object[error.start : error.end]
        return "".join(chr(_SURROGATES + byte) for byte in invalid), error.end
    if isinstance(error, UnicodeEncodeError):
        return _encode_invalid(error.object[error.start : error.end]), error.end
    raise error


def _encode_invalid(escaped: str) -> bytes:
    """Return the invalid bytes; those below 0x80, which would be text, as the three bytes of a surrogate.

    Bytes that begin as a UTF-8 character does follow 0xFF, which is always invalid in UTF-8.
    """
    start = b"\xff" if ord(escaped[0]) in _LEAD_BYTES else b""
    return start + b"".join(
        bytes([ord(char) - _SURROGATES])
        if ord(char) in _NON_ASCII_BYTES
        else char.encode("utf-8", "surrogatepass")
        for char in escaped
    )


codecs.register_error(HANDLER, _keep_invalid)

_MAX_LINE_SIZE = 1024 * 1024
"""Bytes of a line that are held in memory; longer lines are checked in pieces."""

_UTF8_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_NON_ASCII = re.compile(rb"[\x80-\xff]")

_MIN_LEAD_BYTE, _CONTINUATION = 0xC2, 0x80
"""The lowest first byte of a UTF-8 character, and the upper bits of its other bytes (RFC 3629)."""

_INVALID_BYTE = b"\xff"
"""A byte that is never part of UTF-8: it makes the parser reject the line, and leaves its text readable."""

_MIN_CHARACTERS_IN_MULTIBYTE = 12
"""UTF-8 characters in a line that are no coincidence in an encoding with several bytes for a character."""


def split_misdetected_lines(blocks: Iterable[bytes], encoding: str) -> Iterator[tuple[bytes, bool]]:
    """Split text in `encoding` into pieces, each with whether it is a line of UTF-8.

    A line in which everything beyond ASCII is valid UTF-8 is hardly ever anything else: in a single-byte
    encoding it would have pairs such as `Ã¤` and nothing besides. Text of multi-byte encodings resembles
    UTF-8 more often, so there the line needs many such characters. These lines are made invalid, so that
    they are rejected rather than loaded with wrong letters.
    """
    min_characters = 1 if _is_single_byte(encoding) else _MIN_CHARACTERS_IN_MULTIBYTE
    for block in _whole_lines(blocks):
        done = 0
        for start, end in _candidate_lines(block):
            line = block[start:end]
            if _is_utf8(line, min_characters):
                yield block[done:start], False
                at = _first_non_ascii(line)
                yield line[:at] + _INVALID_BYTE + line[at:], True
                done = end
        yield block[done:], False


def _is_single_byte(encoding: str) -> bool:
    return len(bytes(range(256)).decode(encoding, "replace")) == 256  # noqa: PLR2004  # all values of a byte


def _is_utf8(line: bytes, min_characters: int) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return min_characters == 1 or len(_UTF8_CHARACTER.findall(line)) >= min_characters


def _first_non_ascii(line: bytes) -> int:
    match = _NON_ASCII.search(line)
    return match.start() if match else len(line)


def _candidate_lines(block: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of the lines that have a UTF-8 character and no incomplete one."""
    if block.isascii():
        return
    octets = np.frombuffer(block, np.uint8)
    leads = octets[:-1] >= _MIN_LEAD_BYTE
    continues = (octets[1:] & 0xC0) == _CONTINUATION
    ends = np.flatnonzero(octets == ord("\n"))
    possible = _line_numbers(leads & continues, ends)
    if possible.size:
        incomplete = _line_numbers(leads & ~continues, ends)
        for line in np.setdiff1d(possible, incomplete, assume_unique=True).tolist():
            yield (int(ends[line - 1]) if line else 0, int(ends[line]) if line < len(ends) else len(block))


def _line_numbers(mask: npt.NDArray[np.bool_], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the numbers, from 0, of the lines in which any byte of `mask` is true."""
    return np.unique(np.searchsorted(ends, np.flatnonzero(mask)))


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    held = b""
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end and len(held) + len(block) < _MAX_LINE_SIZE:
            held += block
            continue
        end = end or len(block)
        yield held + block[:end]
        held = block[end:]
    if held:
        yield held


_PIECE_SIZE = 64 * 1024
"""Bytes decoded at a time; they and their text fit into the cache of a processor core."""

_STATEFUL = ("iso2022", "hz")
"""Beginnings of the names of encodings in which all text is written with bytes of ASCII."""

_ASCII = bytes(range(128))


def codec_name(encoding: str) -> str:
    """Return Python's name of `encoding`; raises `FileRefused` if there is no such encoding for files."""
    name = encoding_name(encoding)
    if name is None:
        raise FileRefused("unknown_encoding", encoding=encoding)
    return "utf-8" if name == "utf-8-sig" else name


def transcode(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Transcode `blocks` to UTF-8; bytes that are invalid in `encoding` become invalid UTF-8."""
    return _transcode_pieces(((block, False) for block in blocks), encoding)


def transcode_marking_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """As `transcode`, for a guessed `encoding`: lines that contradict it become invalid UTF-8 as well."""
    if not _contains_ascii(encoding):
        return transcode(blocks, encoding)
    return _transcode_pieces(split_misdetected_lines(blocks, encoding), encoding)


def _transcode_pieces(pieces: Iterable[tuple[bytes, bool]], encoding: str) -> Iterator[bytes]:
    """Transcode each piece, unless it is to be passed on as it is."""
    decoder = codecs.getincrementaldecoder(encoding)(HANDLER)
    contains_ascii = _contains_ascii(encoding)
    for block, is_done in pieces:
        if is_done:
            yield block
            continue
        for at in range(0, len(block), _PIECE_SIZE):
            piece = block[at : at + _PIECE_SIZE]
            if contains_ascii and piece.isascii() and not decoder.getstate()[0]:
                yield piece
            elif text := decoder.decode(piece):
                yield text.encode("utf-8", HANDLER)
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", HANDLER)


def _contains_ascii(encoding: str) -> bool:
    """Whether bytes of ASCII are always ASCII in `encoding`."""
    return not encoding.startswith(_STATEFUL) and _ASCII.decode(encoding, HANDLER) == _ASCII.decode("ascii")


def normalize_line_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Replace each CR and each CRLF by LF, so that lines keep their numbers.

    Only for files in which a CR without LF ends lines. A CR inside quotes is replaced as well, because
    quotes are not parsed yet.
    """
    held = b""
    for block in blocks:
        text = held + block if held else block
        held = text[-1:] if text.endswith(b"\r") else b""
        text = text.removesuffix(b"\r") if held else text
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if text:
            yield text
    if held:
        yield b"\n"
