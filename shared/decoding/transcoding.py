"""Transcodes text of a known encoding to UTF-8 without losing invalid bytes.

Python's `surrogateescape` does so for bytes from 0x80 of encodings that contain ASCII. This error handler
does it for every byte of every encoding, and never lets invalid bytes pass for the UTF-8 that they may be.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from shared.errors import FileRefused

HANDLER = "shared.decoding.transcoding"
"""To be given as `errors`, both to decode and to encode as UTF-8."""

_ESCAPES = 0xDC00
_LEADS = range(_ESCAPES + 0xC2, _ESCAPES + 0xF5)
_RAW = range(_ESCAPES + 0x80, _ESCAPES + 0x100)


def _keep_invalid(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        invalid = error.object[error.start : error.end]
        return "".join(chr(_ESCAPES + byte) for byte in invalid), error.end
    if isinstance(error, UnicodeEncodeError):
        return _encode_invalid(error.object[error.start : error.end]), error.end
    raise error


def _encode_invalid(escaped: str) -> bytes:
    """The bytes again; those below 0x80, which alone would be text, as the three of their surrogate.

    A run of them that begins as a character of UTF-8 does is told from one by a byte that UTF-8 never has.
    """
    start = b"\xff" if ord(escaped[0]) in _LEADS else b""
    return start + b"".join(
        bytes([ord(char) - _ESCAPES]) if ord(char) in _RAW else char.encode("utf-8", "surrogatepass")
        for char in escaped
    )


codecs.register_error(HANDLER, _keep_invalid)

_LONGEST = 1024 * 1024
"""Bytes of a line that are held; the pieces of a longer one are looked at by themselves."""

_CHARACTER = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_FOREIGN = re.compile(rb"[\x80-\xff]")

_FIRST, _CONTINUATION = 0xC2, 0x80
"""How the first byte of a character begins at least, and what the upper bits of others are (RFC 3629)."""

_ALWAYS = b"\xff"
"""A byte that UTF-8 never has, so that whoever reads the line as UTF-8 rejects it, and shows its text."""


def split_misdetected_lines(blocks: Iterable[bytes], encoding: str) -> Iterator[tuple[bytes, bool]]:
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


_PIECE = 64 * 1024
"""Bytes decoded at a time; they and their text fit into a processor's nearest memory."""

_NOT_OF_FILES = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
"""Codecs that Python counts as encodings of text, though no file is written in them."""

_ASCII = bytes(range(128))
_SHIFTING = ("iso2022", "hz", "utf-7")
"""How encodings are called that write everything in bytes of ASCII, which then are not what they seem."""


def canonical_encoding(encoding: str) -> str:
    """Python's name of `encoding`; raises `FileRefused` where it has none."""
    try:
        b"a".decode(encoding, HANDLER)  # some codecs are not of text
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as exc:
        raise _unknown(encoding) from exc
    if name.replace("-", "_") in _NOT_OF_FILES:
        raise _unknown(encoding)
    return "utf-8" if name == "utf-8-sig" else name


def transcode(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """`blocks`, which are in `encoding`, as UTF-8; bytes that are invalid in it as bytes invalid in UTF-8."""
    return _encoded(((block, False) for block in blocks), encoding)


def transcode_marking_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """As `transcoded`, where `encoding` was guessed: lines that contradict it come out as invalid UTF-8."""
    return (
        _encoded(split_misdetected_lines(blocks, encoding), encoding)
        if _alike(encoding)
        else transcode(blocks, encoding)
    )


def _encoded(pieces: Iterable[tuple[bytes, bool]], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(HANDLER)
    alike = _alike(encoding)
    for block, done in pieces:
        if done:
            yield block
            continue
        for at in range(0, len(block), _PIECE):
            piece = block[at : at + _PIECE]
            if alike and piece.isascii() and not decoder.getstate()[0]:
                yield piece
            elif text := decoder.decode(piece):
                yield text.encode("utf-8", HANDLER)
    if text := decoder.decode(b"", final=True):
        yield text.encode("utf-8", HANDLER)


def _alike(encoding: str) -> bool:
    """Whether bytes of ASCII are always ASCII in it."""
    return not encoding.startswith(_SHIFTING) and _ASCII.decode(encoding, HANDLER) == _ASCII.decode("ascii")


def _unknown(encoding: str) -> FileRefused:
    return FileRefused("unknown_encoding", f"There is no encoding {encoding!r}.", encoding=encoding)


def normalize_line_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text with LF for every CR and every CRLF, so that lines keep their numbers.

    For files of which it is known that a CR alone ends their lines; inside quotes it becomes LF too, since
    where quotes begin is not known yet. All other files need no translation.
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
