"""What is refused about compressed data, in one place for all kinds."""

from __future__ import annotations

from shared.errors import FileRefused


def corrupt(name: str, read: int, why: str = "") -> FileRefused:
    """The data are not what their checksums or their format say; `why` is the decompressor's word."""
    message = f"The {name} data are corrupt near byte {read}{f' ({why})' if why else ''}."
    return FileRefused("compression_corrupt", message, compression=name, byte=read)


def truncated(name: str, read: int) -> FileRefused:
    """The data end before their end."""
    message = f"The {name} data end at byte {read}, before they are complete; the file was cut off."
    return FileRefused("compression_truncated", message, compression=name, byte=read)


def trailing(name: str, at: int) -> FileRefused:
    """Something follows that is no further part of the data."""
    message = f"The {name} data end before byte {at}, and something else follows."
    return FileRefused("compression_trailing", message, compression=name, byte=at)
