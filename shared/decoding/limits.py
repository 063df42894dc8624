"""Limits on how far compressed data may expand, and refusals of corrupt data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.errors import FileRefused

MAX_OUTPUT_SIZE: Final = 1024 * 1024
"""Bytes in one piece of decompressed data, whatever the ratio."""


@dataclass(frozen=True, slots=True)
class ExpansionLimits:
    """Limits of decompression, in bytes.

    At most `max_size` bytes may come out. Beyond the first `free` bytes, at most `ratio` bytes may come out
    for each byte of compressed data.
    """

    ratio: int = 200
    free: int = 10 * 1024 * 1024
    max_size: int = 20 * 1024**3

    def check(self, read: int, written: int) -> None:
        """Raise `FileRefused` if `read` compressed bytes may not expand to `written` bytes."""
        ratio, most = self.ratio, self.max_size
        if written > most:
            raise FileRefused("expands_too_far", read=read, written=written, ratio=ratio, most=most)
        if written > max(self.free, ratio * read):
            raise FileRefused("expands_too_far.ratio", read=read, written=written, ratio=ratio, most=most)


DEFAULT_LIMITS = ExpansionLimits()


def corrupt_data(name: str, read: int, reason: str = "") -> FileRefused:
    """Return the refusal of data that contradict their checksum or format, near byte `read`."""
    reason = f" ({reason})" if reason else ""
    return FileRefused("compression_corrupt", {"reason": reason}, compression=name, byte=read)


def truncated_data(name: str, read: int) -> FileRefused:
    """Return the refusal of data that end, at byte `read`, before they are complete."""
    return FileRefused("compression_truncated", compression=name, byte=read)


def trailing_data(name: str, at: int) -> FileRefused:
    """Return the refusal of a file that has other data from byte `at` on."""
    return FileRefused("compression_trailing", compression=name, byte=at)
