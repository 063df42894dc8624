r"""Invalid bytes that survive decoding: what no encoding can read comes out as bytes that are no UTF-8.

Python's `surrogateescape` does so for bytes from 0x80 of encodings that contain ASCII. This error handler
does it for every byte of every encoding, and never lets invalid bytes pass for the UTF-8 that they may be.
"""

from __future__ import annotations

import codecs

HANDLER = "shared.decoding.kept"
"""To be given as `errors`, both to decode and to encode as UTF-8."""

_ESCAPES = 0xDC00
_LEADS = range(_ESCAPES + 0xC2, _ESCAPES + 0xF5)
_RAW = range(_ESCAPES + 0x80, _ESCAPES + 0x100)


def _keep(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        invalid = error.object[error.start : error.end]
        return "".join(chr(_ESCAPES + byte) for byte in invalid), error.end
    if isinstance(error, UnicodeEncodeError):
        return _encoded(error.object[error.start : error.end]), error.end
    raise error


def _encoded(escaped: str) -> bytes:
    """The bytes again; those below 0x80, which alone would be text, as the three of their surrogate.

    A run of them that begins as a character of UTF-8 does is told from one by a byte that UTF-8 never has.
    """
    start = b"\xff" if ord(escaped[0]) in _LEADS else b""
    return start + b"".join(
        bytes([ord(char) - _ESCAPES]) if ord(char) in _RAW else char.encode("utf-8", "surrogatepass")
        for char in escaped
    )


codecs.register_error(HANDLER, _keep)
