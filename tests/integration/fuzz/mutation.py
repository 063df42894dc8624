"""Mutations of a file: bytes flipped, cut, doubled, spliced, and put in that mean something in a CSV."""

from __future__ import annotations

import random

_TELLING = (
    *(b'"', b"'", b",", b";", b"\t", b"|", b"\\", b"\n", b"\r", b"\r\n", b"\n\n", b'""', b'"\n"', b",,,,"),
    *(b"\0", b"\xff", b"\x80", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b\x08", b"PK\x03\x04"),
    *(b"1e999", b"-", b"NULL", b"9" * 40, b"\xe2\x80\xa8", b"\x1a", b"\x0b", b"=1+1", b"#", b"sep=;\n"),
)


def mutated(chance: random.Random, content: bytes, other: bytes) -> bytes:
    """`content` after one to five mutations; some splice a piece of `other` into it."""
    for _ in range(chance.randrange(1, 6)):
        content = chance.choice(_WAYS)(chance, content, other)
    return content


def _place(chance: random.Random, content: bytes) -> int:
    return chance.randrange(len(content) + 1)


def _stretch(chance: random.Random, content: bytes) -> tuple[int, int]:
    at = _place(chance, content)
    return at, at + chance.choice((1, 1, 2, 10, 100, 1000))


def _flip(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20)) if content else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    start, end = _stretch(chance, content)
    return content[:start] + content[end:]


def _end_early(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    return content[: _place(chance, content)]


def _double(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    start, end = _stretch(chance, content)
    return content[:end] + content[start:]


def _splice(chance: random.Random, content: bytes, other: bytes) -> bytes:
    start, end = _stretch(chance, other)
    at = _place(chance, content)
    return content[:at] + other[start:end] + content[at:]


def _glue(chance: random.Random, content: bytes, other: bytes) -> bytes:
    return content[: _place(chance, content)] + other[_place(chance, other) :]


def _put_in(chance: random.Random, content: bytes, _other: bytes) -> bytes:
    at = _place(chance, content)
    return content[:at] + chance.choice(_TELLING) * chance.choice((1, 1, 1, 50)) + content[at:]


_WAYS = (_flip, _flip, _cut, _end_early, _double, _splice, _glue, _put_in, _put_in, _put_in)
