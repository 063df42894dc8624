"""Makes text from invalid bytes storable in a text column."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return `text` with what Postgres cannot store escaped: NUL as `\x00`, an invalid byte as `\xff`."""
    if "\0" not in text and text.isascii():
        return text
    escaped = text.replace("\0", "\\x00")
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
