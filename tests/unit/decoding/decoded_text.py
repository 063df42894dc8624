"""Text read in one go, and what is said of it."""

from __future__ import annotations

from shared.decoding.text_decoder import TextDecoder
from tests.unit.decoding.block_sizes import cut


def read(
    data: bytes, encoding: str | None = None, at: list[int] | None = None, *, guessed: bool = False
) -> bytes:
    return b"".join(TextDecoder(cut(data, at or []), encoding, guessed=guessed))


def late(data: bytes, at: list[int] | None = None, judged: str = "cp1252") -> tuple[bytes, TextDecoder]:
    text = TextDecoder(cut(data, at or []), judge=lambda _sample: judged)
    return b"".join(text), text


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
