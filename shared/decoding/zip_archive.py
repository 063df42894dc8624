"""Zip archives, read by byte ranges: which members are CSV files, their safe names and their contents."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

from shared.decoding.limits import DEFAULT_LIMITS, MAX_OUTPUT_SIZE, ExpansionLimits
from shared.errors import FileRefused, Unavailable
from shared.formats.compressions import STREAM_EXTENSIONS
from shared.formats.format import CSV_EXTENSIONS

_BLOCK = 4 * 1024 * 1024
"""Bytes in one request to storage."""

_MAX_CACHED_BLOCKS = 2
"""The current block, and the one before it or the one with an archive's directory."""

_MAX_READ_SIZE = 4 * 1024 * 1024
"""Bytes in one read. An archive's directory is read at once, whatever size the archive claims for it."""


class RangeFile:
    """A file of `size` bytes, read with `fetch(offset, length)`, which returns exactly these bytes.

    `failure` is the last error that a read raised: `zipfile` mistakes some of them for faults of the archive.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch = fetch
        self.size = size
        self._position = 0
        self._blocks: dict[int, bytes] = {}
        self.failure: Exception | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Read the next `size` bytes, or all that are left; raises `FileRefused` if these are too many."""
        end = self.size if size < 0 else min(self._position + size, self.size)
        try:
            if end - self._position > _MAX_READ_SIZE:
                raise _directory_too_large(end - self._position)
            pieces = []
            while self._position < end:
                number, start = divmod(self._position, _BLOCK)
                pieces.append(self._block(number)[start : start + end - self._position])
                self._position += len(pieces[-1])
        except Exception as exc:
            self.failure = exc
            raise
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Set the position; raises `OSError` if it is before the start of the file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a position before the start of the file")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position of the next read."""
        return self._position

    def seekable(self) -> bool:
        """Return true."""
        return True

    def _block(self, number: int) -> bytes:
        """Return a block by its number from 0, and cache it as the most recently used one."""
        block = self._blocks.pop(number, None)
        if block is None:
            if len(self._blocks) == _MAX_CACHED_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            length = min(_BLOCK, self.size - number * _BLOCK)
            block = self._fetch(number * _BLOCK, length)
            if len(block) != length:
                raise Unavailable("storage", f"it returned {len(block)} bytes instead of {length}")
        self._blocks[number] = block
        return block


def _directory_too_large(size: int) -> FileRefused:
    return FileRefused("archive_too_wide", {"max_size": _MAX_READ_SIZE}, size=size)


_OTHER_TEXT_EXTENSIONS = (".txt", ".dat", "")
"""Extensions that count as CSV if the archive has no `CSV_EXTENSIONS`: next to these, most are readmes."""

_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile(r"[A-Za-z]:")
_EXCEL_PART = "[Content_Types].xml"
_OPEN_DOCUMENT_PARTS = {"mimetype", "content.xml"}


def clean_names(names: Iterable[str]) -> list[str]:
    """Return unique relative paths without `.`, `..`, drives and unprintable characters."""
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


def _clean_name(name: str) -> str:
    printable = "".join(char for char in name if char.isprintable())
    parts = _SEPARATORS.split(_DRIVE.sub("", printable, count=1) if _DRIVE.match(printable) else printable)
    return "/".join(part for part in parts if part not in {"", ".", ".."})


def accepted_extensions(names: Sequence[str]) -> tuple[str, ...]:
    """Return the extensions, in lower case, of the members among `names` that are CSV files."""
    has_csv = any(extension_of(name) in CSV_EXTENSIONS for name in names)
    return CSV_EXTENSIONS if has_csv else _OTHER_TEXT_EXTENSIONS


def extension_of(name: str) -> str:
    """Return the extension in lower case, with its dot, without one that names a compression."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in STREAM_EXTENSIONS else path.suffix


def is_system_file(name: str) -> bool:
    """Whether an operating system has added the file: `__MACOSX/…`, `._data.csv`, `.DS_Store`."""
    parts = _SEPARATORS.split(name)
    return "__MACOSX" in parts or parts[-1].startswith(".")


def _check_not_workbook(names: Iterable[str]) -> None:
    """Raise `FileRefused`, code `not_csv`, if an archive with exactly these members is a workbook."""
    members = set(names)
    if _EXCEL_PART in members:
        kind = "an Excel workbook (.xlsx)"
    elif members >= _OPEN_DOCUMENT_PARTS:
        kind = "an OpenDocument file"
    else:
        return
    raise FileRefused("not_csv.workbook", found=kind)


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
"""The file type of a symbolic link, in the uppermost bits of Unix attributes."""


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """An entry of the archive's directory, the one at `index`; sizes in bytes, as the directory states them.

    `name` is cleaned and unique in the archive. `skipped` is why the member is not loaded: `directory`,
    `hidden`, `link` or `not_csv`; it is empty for the others.
    """

    index: int
    name: str
    size: int
    compressed_size: int
    skipped: str


def list_members(entries: Sequence[ZipInfo]) -> tuple[ArchiveMember, ...]:
    """Return a member for each entry, in their order."""
    names = clean_names(entry.filename for entry in entries)
    reasons = [_skip_reason(entry) for entry in entries]
    extensions = accepted_extensions(
        [name for name, reason in zip(names, reasons, strict=True) if not reason]
    )
    return tuple(
        ArchiveMember(
            index=index,
            name=name,
            size=entry.file_size,
            compressed_size=entry.compress_size,
            skipped=reason or ("" if extension_of(name) in extensions else "not_csv"),
        )
        for index, (entry, name, reason) in enumerate(zip(entries, names, reasons, strict=True))
    )


def _skip_reason(entry: ZipInfo) -> str:
    if entry.is_dir():
        return "directory"
    if is_system_file(entry.filename):
        return "hidden"
    return "link" if entry.external_attr >> 28 == _LINK else ""


def check_member(member: ArchiveMember, entry: ZipInfo) -> None:
    """Raise `FileRefused` if `member`, which is `entry`, is encrypted or has an unsupported method."""
    if entry.flag_bits & _ENCRYPTED:
        raise FileRefused("member_encrypted", member=member.name)
    if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        method = _METHODS.get(entry.compress_type, f"method {entry.compress_type}")
        raise FileRefused("member_method", member=member.name, method=method)


class Archive:
    """A zip archive in a `RangeFile`: the directory is read at once, a member when it is needed."""

    def __init__(self, file: RangeFile, limits: ExpansionLimits = DEFAULT_LIMITS) -> None:
        """Raises `FileRefused` if the directory is corrupt or the archive has no CSV file."""
        self._file = file
        self._limits = limits
        with self._translated_errors():
            self._zip = ZipFile(file)
        self._entries = self._zip.infolist()
        self.members = list_members(self._entries)
        self._check()

    def read(self, member: ArchiveMember) -> Iterator[bytes]:
        """Read the content of `member` in pieces of at most a megabyte.

        Raises `FileRefused`, perhaps after some pieces, if the member is encrypted, has a method other than
        deflate, is corrupt, or expands beyond the limits.
        """
        entry = self._entries[member.index]
        check_member(member, entry)
        self._limits.check(member.compressed_size, member.size)  # zipfile returns at most `member.size` bytes
        with self._translated_errors(member.name):
            stream = self._zip.open(entry)
        with stream:
            while True:
                with self._translated_errors(member.name):
                    piece = stream.read(MAX_OUTPUT_SIZE)
                if not piece:
                    return
                yield piece

    def _check(self) -> None:
        """Raise `FileRefused` for a workbook, an archive bomb, or an archive without a CSV file."""
        _check_not_workbook(entry.filename for entry in self._entries)
        # members overlap: a bomb
        if sum(member.compressed_size for member in self.members) > self._file.size:
            raise _corrupt("its members claim more bytes than it has")
        loaded = [member for member in self.members if not member.skipped]
        if not loaded:
            skipped = [member.name for member in self.members[:20]]
            raise FileRefused("no_member", skipped=skipped)
        self._limits.check(self._file.size, sum(member.size for member in loaded))

    def _translated_errors(self, name: str = "") -> AbstractContextManager[None]:
        return _translate_errors(self._file, name)


@contextmanager
def _translate_errors(file: RangeFile, name: str) -> Iterator[None]:
    """Raise errors of `zipfile` as `FileRefused`, and errors of the file's source unchanged."""
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


def _corrupt(reason: str, name: str = "") -> FileRefused:
    if name:
        return FileRefused("compression_corrupt.member", {"reason": reason}, compression="zip", member=name)
    return FileRefused("compression_corrupt.archive", {"reason": reason}, compression="zip", member=name)
