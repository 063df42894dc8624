"""Zip archives: which of their members are CSV files, and what each contains."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from zipfile import BadZipFile, LargeZipFile, ZipFile

from shared.decoding import member_names, members
from shared.decoding.expansion import USUAL, Expansion
from shared.decoding.members import Member
from shared.decoding.ranges import RangeFile
from shared.errors import FileRefused

_MOST = 1024 * 1024
"""Bytes that come out in one piece."""


class Archive:
    """A zip archive, read by ranges: its directory at once, a member when it is asked for."""

    def __init__(self, file: RangeFile, limits: Expansion = USUAL) -> None:
        """Raises `FileRefused` for a broken directory, and where nothing in it is a CSV file."""
        self._file = file
        self._limits = limits
        with self._reading():
            self._zip = ZipFile(file)
        self._entries = self._zip.infolist()
        self.members = members.listed(self._entries)
        self._check()

    def read(self, member: Member) -> Iterator[bytes]:
        """What `member` contains, in pieces of at most a megabyte.

        Raises `FileRefused`, perhaps after some of it, where it is encrypted, compressed by a method other
        than deflate, broken, or expands beyond the limits.
        """
        entry = self._entries[member.place]
        members.check(member, entry)
        self._limits.check(member.compressed, member.size)  # zipfile gives no more than that
        with self._reading(member.name):
            stream = self._zip.open(entry)
        with stream:
            while True:
                with self._reading(member.name):
                    piece = stream.read(_MOST)
                if not piece:
                    return
                yield piece

    def _check(self) -> None:
        """Whether it is what it seems; entries that overlap are a bomb's, though each looks harmless."""
        if member_names.office(entry.filename for entry in self._entries):
            raise FileRefused("not_csv", "This is an Office document, say an Excel workbook; save it as CSV.")
        if sum(member.compressed for member in self.members) > self._file.size:
            raise _corrupt("its members claim more bytes than it has")
        loaded = [member for member in self.members if not member.skipped]
        if not loaded:
            skipped = [member.name for member in self.members[:20]]
            raise FileRefused("no_member", "The archive has no CSV file in it.", skipped=skipped)
        self._limits.check(self._file.size, sum(member.size for member in loaded))

    def _reading(self, name: str = "") -> AbstractContextManager[None]:
        return _translated(self._file, name)


@contextmanager
def _translated(file: RangeFile, name: str) -> Iterator[None]:
    """`zipfile`'s errors as `FileRefused`, those of the file's source as they are."""
    file.failure = None
    try:
        yield
    except (
        BadZipFile, LargeZipFile, zlib.error, struct.error,
        OSError, EOFError, ValueError, OverflowError, RuntimeError,
    ) as exc:  # fmt: skip
        if file.failure:
            raise file.failure from None
        raise _corrupt(str(exc) or "it ends early", name) from exc


def _corrupt(why: str, name: str = "") -> FileRefused:
    what = f"The member {name!r}" if name else "The zip archive"
    return FileRefused("compression_corrupt", f"{what} is corrupt ({why}).", compression="zip", member=name)
