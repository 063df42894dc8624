"""Decodes text in one call."""

from __future__ import annotations

from shared.decoding.text_decoder import TextDecoder
from tests.unit.decoding.block_sizes import cut


def read(
    data: bytes, encoding: str | None = None, at: list[int] | None = None, *, is_guess: bool = False
) -> bytes:
    return b"".join(TextDecoder(cut(data, at or []), encoding, is_guess=is_guess))


def decode(data: bytes, at: list[int] | None = None, guess: str = "cp1252") -> tuple[bytes, TextDecoder]:
    decoder = TextDecoder(cut(data, at or []), guess=lambda _sample: guess)
    return b"".join(decoder), decoder


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
