"""The source of the lines: a file's bytes, decompressed and decoded into UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from shared.decoding import compression
from shared.decoding.text import Text
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides


class Source:
    """One pass over the text of a file of `blocks`; what it is, is told by the bytes alone."""

    def __init__(self, blocks: Iterable[bytes], told: Overrides) -> None:
        """Read the beginning. Raises `FileRefused` for an archive."""
        iterator = iter(blocks)
        head = b""
        while len(head) < compression.HEAD and (block := next(iterator, None)) is not None:
            head += block
        self._kind = compression.kind(head[: compression.HEAD])
        if self._kind == "zip":
            raise FileRefused("zip_archive", "The file is a zip archive where a CSV file was expected.")
        self._text = Text(compression.decompressed(chain([head], iterator), self._kind), told.encoding)

    def __iter__(self) -> Iterator[bytes]:
        """The text in UTF-8, in blocks; raises `FileRefused` where what was compressed is broken."""
        return iter(self._text)

    @property
    def format(self) -> Format:
        """What the file turned out to be so far."""
        encoding = "utf-8" if self._text.decided == "ascii" else self._text.decided
        kind = "" if self._kind == "none" else self._kind
        return Format(compression=kind, encoding=encoding, has_bom=self._text.marked)

    @property
    def is_as_stored(self) -> bool:
        """Whether the text has as many bytes as the file, so far."""
        return self._kind == "none" and self._text.decided in {"ascii", "utf-8"}
