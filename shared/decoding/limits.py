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
        if written > self.max_size:
            raise self._refusal(f"at most {self.max_size} bytes are allowed", read, written)
        if written > max(self.free, self.ratio * read):
            raise self._refusal(f"at most {self.ratio} times the compressed size is allowed", read, written)

    def _refusal(self, limit: str, read: int, written: int) -> FileRefused:
        return FileRefused(
            "expands_too_far",
            f"The compressed data expand too far: the first {read} bytes expand to {written} bytes or more; "
            f"{limit}.",
            read=read,
            written=written,
            ratio=self.ratio,
            most=self.max_size,
        )


DEFAULT_LIMITS = ExpansionLimits()


def corrupt_data(name: str, read: int, reason: str = "") -> FileRefused:
    """Return the refusal of data that contradict their checksum or format, near byte `read`."""
    message = f"The {name} data are corrupt near byte {read}{f' ({reason})' if reason else ''}."
    return FileRefused("compression_corrupt", message, compression=name, byte=read)


def truncated_data(name: str, read: int) -> FileRefused:
    """Return the refusal of data that end, at byte `read`, before they are complete."""
    message = f"The {name} data are incomplete: the file ends at byte {read}. Upload the whole file."
    return FileRefused("compression_truncated", message, compression=name, byte=read)


def trailing_data(name: str, at: int) -> FileRefused:
    """Return the refusal of a file that has other data from byte `at` on."""
    message = f"The {name} data end before byte {at}, but the file continues with other data."
    return FileRefused("compression_trailing", message, compression=name, byte=at)
