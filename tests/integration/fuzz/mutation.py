"""Mutations of a file: bytes flipped, removed, repeated, spliced, and special bytes inserted."""

from __future__ import annotations

import random

_SPECIAL_BYTES = (
    *(b'"', b"'", b",", b";", b"\t", b"|", b"\\", b"\n", b"\r", b"\r\n", b"\n\n", b'""', b'"\n"', b",,,,"),
    *(b"\0", b"\xff", b"\x80", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b\x08", b"PK\x03\x04"),
    *(b"1e999", b"-", b"NULL", b"9" * 40, b"\xe2\x80\xa8", b"\x1a", b"\x0b", b"=1+1", b"#", b"sep=;\n"),
)


def mutated(rng: random.Random, content: bytes, other: bytes) -> bytes:
    """`content` after one to five mutations; some splice a piece of `other` into it."""
    for _ in range(rng.randrange(1, 6)):
        content = rng.choice(_MUTATIONS)(rng, content, other)
    return content


def _random_offset(rng: random.Random, content: bytes) -> int:
    return rng.randrange(len(content) + 1)


def _random_range(rng: random.Random, content: bytes) -> tuple[int, int]:
    offset = _random_offset(rng, content)
    return offset, offset + rng.choice((1, 1, 2, 10, 100, 1000))


def _flip(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20)) if content else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _remove(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    start, end = _random_range(rng, content)
    return content[:start] + content[end:]


def _truncate(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    return content[: _random_offset(rng, content)]


def _repeat(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    start, end = _random_range(rng, content)
    return content[:end] + content[start:]


def _splice(rng: random.Random, content: bytes, other: bytes) -> bytes:
    start, end = _random_range(rng, other)
    offset = _random_offset(rng, content)
    return content[:offset] + other[start:end] + content[offset:]


def _join(rng: random.Random, content: bytes, other: bytes) -> bytes:
    return content[: _random_offset(rng, content)] + other[_random_offset(rng, other) :]


def _insert(rng: random.Random, content: bytes, _other: bytes) -> bytes:
    offset = _random_offset(rng, content)
    return content[:offset] + rng.choice(_SPECIAL_BYTES) * rng.choice((1, 1, 1, 50)) + content[offset:]


_MUTATIONS = (_flip, _flip, _remove, _truncate, _repeat, _splice, _join, _insert, _insert, _insert)
