"""Physical lines of a stream of bytes, however its blocks are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.errors import FileRefused

LONGEST_RECORD = 1024 * 1024
"""Bytes of a line, and of a record with line breaks inside quotes; keeps memory bounded on any input."""


def split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of `blocks`, each with its line end, the last one perhaps without.

    A line ends at LF. Raises `FileRefused` for a line longer than `LONGEST_RECORD`: that is no CSV file, or
    one whose line ends are not LF.
    """
    number = 1
    rest = b""
    for block in blocks:
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            _require_short(line, number)
            yield line + b"\n"
            number += 1
        _require_short(rest, number)
    if rest:
        yield rest


def _require_short(line: bytes, number: int) -> None:
    if len(line) > LONGEST_RECORD:
        raise FileRefused(
            "line_too_long",
            f"Line {number} is longer than {LONGEST_RECORD} bytes; this is no CSV file with LF or CRLF ends.",
            line=number,
        )
