"""Zip archives: which members are CSV files, their safe names and their contents."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from shared.decoding.limits import DEFAULT_EXPANSION, Expansion
from shared.decoding.range_file import RangeFile
from shared.errors import FileRefused

_SURELY = {".csv", ".tsv", ".tab", ".psv"}
_PERHAPS = {".txt", ".dat", ""}
"""Extensions of CSV files; the latter count where an archive has none of the former, as beside them they are
mostly readmes."""

_COMPRESSED = {".gz", ".bz2", ".zst"}
"""Extensions behind those; what is compressed so is decompressed when it is read, by its content."""

_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile(r"[A-Za-z]:")


def clean_names(names: Iterable[str]) -> list[str]:
    """The names as relative paths without `.`, `..`, drives and unprintable characters, no two alike."""
    taken: set[str] = set()
    unique = []
    for name in names:
        path = PurePosixPath(_clean_name(name) or "unnamed")
        number, free = 1, path
        while str(free) in taken:
            number += 1
            free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        taken.add(str(free))
        unique.append(str(free))
    return unique


def accepted_extensions(names: Sequence[str]) -> set[str]:
    """The extensions, lower-case, by which members of these names are taken for CSV."""
    return _SURELY if any(extension_of(name) in _SURELY for name in names) else _PERHAPS


def extension_of(name: str) -> str:
    """The extension with its dot, lower-case, before one that says how the file is compressed."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix


def is_system_file(name: str) -> bool:
    """Whether an operating system put it there: `__MACOSX/…`, `._data.csv`, `.DS_Store`."""
    parts = _SEPARATORS.split(name)
    return "__MACOSX" in parts or parts[-1].startswith(".")


def is_office_file(names: Iterable[str]) -> bool:
    """Whether these are the parts of an Office or OpenDocument file, such as an Excel workbook."""
    return "[Content_Types].xml" in (every := set(names)) or {"mimetype", "content.xml"} <= every


def _clean_name(name: str) -> str:
    printable = "".join(char for char in name if char.isprintable())
    parts = _SEPARATORS.split(_DRIVE.sub("", printable, count=1) if _DRIVE.match(printable) else printable)
    return "/".join(part for part in parts if part not in {"", ".", ".."})


_METHODS = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    12: "bzip2",
    14: "lzma",
    93: "zstd",
    95: "xz",
    98: "ppmd",
}
_ENCRYPTED = 0x1
_LINK = 0xA
"""The file type of a symbolic link, as Unix writes it into the uppermost bits."""


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """An entry of the archive's directory, the `place`-th; sizes in bytes, as the directory says.

    `name` is cleaned and unique in the archive. `skipped` says why this is none to be loaded: `directory`,
    `hidden`, `link` or `not_csv`; it is empty for the others.
    """

    place: int
    name: str
    size: int
    compressed: int
    skipped: str


def list_members(entries: Sequence[ZipInfo]) -> tuple[ArchiveMember, ...]:
    """A member for each entry, in their order."""
    names = clean_names(entry.filename for entry in entries)
    why = [_not_loaded(entry) for entry in entries]
    extensions = accepted_extensions([name for name, reason in zip(names, why, strict=True) if not reason])
    return tuple(
        ArchiveMember(
            place=place,
            name=name,
            size=entry.file_size,
            compressed=entry.compress_size,
            skipped=reason or ("" if extension_of(name) in extensions else "not_csv"),
        )
        for place, (entry, name, reason) in enumerate(zip(entries, names, why, strict=True))
    )


def check_member(member: ArchiveMember, entry: ZipInfo) -> None:
    """Raise `FileRefused` unless `member`, which is `entry`, is not encrypted and of a usual method."""
    if entry.flag_bits & _ENCRYPTED:
        raise FileRefused("member_encrypted", f"{member.name!r} is encrypted.", member=member.name)
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        method = _METHODS.get(entry.compress_type, f"method {entry.compress_type}")
        message = f"{member.name!r} is compressed by {method}; only deflate can be read."
        raise FileRefused("member_method", message, member=member.name, method=method)


def _not_loaded(entry: ZipInfo) -> str:
    if entry.is_dir():
        return "directory"
    if is_system_file(entry.filename):
        return "hidden"
    return "link" if entry.external_attr >> 28 == _LINK else ""


_MOST = 1024 * 1024
"""Bytes that come out in one piece."""


class Archive:
    """A zip archive, read by ranges: its directory at once, a member when it is asked for."""

    def __init__(self, file: RangeFile, limits: Expansion = DEFAULT_EXPANSION) -> None:
        """Raises `FileRefused` for a broken directory, and where nothing in it is a CSV file."""
        self._file = file
        self._limits = limits
        with self._reading():
            self._zip = ZipFile(file)
        self._entries = self._zip.infolist()
        self.members = list_members(self._entries)
        self._check()

    def read(self, member: ArchiveMember) -> Iterator[bytes]:
        """What `member` contains, in pieces of at most a megabyte.

        Raises `FileRefused`, perhaps after some of it, where it is encrypted, compressed by a method other
        than deflate, broken, or expands beyond the limits.
        """
        entry = self._entries[member.place]
        check_member(member, entry)
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
        if is_office_file(entry.filename for entry in self._entries):
            raise FileRefused("not_csv", "This is an Office document, say an Excel workbook; save it as CSV.")
        if sum(member.compressed for member in self.members) > self._file.size:
            raise _corrupt("its members claim more bytes than it has")
        loaded = [member for member in self.members if not member.skipped]
        if not loaded:
            skipped = [member.name for member in self.members[:20]]
            raise FileRefused("no_member", "The archive has no CSV file in it.", skipped=skipped)
        self._limits.check(self._file.size, sum(member.size for member in loaded))

    def _reading(self, name: str = "") -> AbstractContextManager[None]:
        return _translate_errors(self._file, name)


@contextmanager
def _translate_errors(file: RangeFile, name: str) -> Iterator[None]:
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
