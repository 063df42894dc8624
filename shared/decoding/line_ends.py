"""Line ends of files whose lines end in CR, made LF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def line_feeds(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The text with LF for every CR and every CRLF, so that lines keep their numbers.

    For files of which it is known that a CR alone ends their lines; inside quotes it becomes LF too, since
    where quotes begin is not known yet. All other files need no translation.
    """
    held = b""
    for block in blocks:
        text = held + block if held else block
        held = text[-1:] if text.endswith(b"\r") else b""
        text = text.removesuffix(b"\r") if held else text
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if text:
            yield text
    if held:
        yield b"\n"
