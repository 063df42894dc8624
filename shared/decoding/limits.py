"""Limits on how far compressed data may expand, and refusals of corrupt data."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import FileRefused


@dataclass(frozen=True, slots=True)
class Expansion:
    """At most `most` bytes come out, and beyond the first `free` ones at most `ratio` for each one put in."""

    ratio: int = 200
    free: int = 10 * 1024 * 1024
    most: int = 20 * 1024**3

    def check(self, read: int, written: int) -> None:
        """Raise `FileRefused` if `written` bytes are too many to come from `read` compressed ones."""
        if written > self.most:
            raise self._refused(f"more than {self.most} bytes", read, written)
        if written > max(self.free, self.ratio * read):
            raise self._refused(f"more than {self.ratio} times their size", read, written)

    def _refused(self, limit: str, read: int, written: int) -> FileRefused:
        return FileRefused(
            "expands_too_far",
            f"The first {read} bytes of compressed data expand to {written} or more; {limit} is not allowed.",
            read=read,
            written=written,
            ratio=self.ratio,
            most=self.most,
        )


DEFAULT_EXPANSION = Expansion()


def corrupt_data(name: str, read: int, why: str = "") -> FileRefused:
    """The data are not what their checksums or their format say; `why` is the decompressor's word."""
    message = f"The {name} data are corrupt near byte {read}{f' ({why})' if why else ''}."
    return FileRefused("compression_corrupt", message, compression=name, byte=read)


def truncated_data(name: str, read: int) -> FileRefused:
    """The data end before their end."""
    message = f"The {name} data end at byte {read}, before they are complete; the file was cut off."
    return FileRefused("compression_truncated", message, compression=name, byte=read)


def trailing_data(name: str, at: int) -> FileRefused:
    """Something follows that is no further part of the data."""
    message = f"The {name} data end before byte {at}, and something else follows."
    return FileRefused("compression_trailing", message, compression=name, byte=at)
