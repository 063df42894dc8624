"""The members of a zip archive as its directory lists them, and which of them are CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from shared.decoding import member_names
from shared.errors import FileRefused

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
class Member:
    """An entry of the archive's directory, the `place`-th; sizes in bytes, as the directory says.

    `name` is cleaned and unique in the archive. `skipped` says why this is none to be loaded: `directory`,
    `hidden`, `link` or `not_csv`; it is empty for the others.
    """

    place: int
    name: str
    size: int
    compressed: int
    skipped: str


def listed(entries: Sequence[ZipInfo]) -> tuple[Member, ...]:
    """A member for each entry, in their order."""
    names = member_names.cleaned(entry.filename for entry in entries)
    why = [_not_loaded(entry) for entry in entries]
    extensions = member_names.wanted([name for name, reason in zip(names, why, strict=True) if not reason])
    return tuple(
        Member(
            place=place,
            name=name,
            size=entry.file_size,
            compressed=entry.compress_size,
            skipped=reason or ("" if member_names.extension(name) in extensions else "not_csv"),
        )
        for place, (entry, name, reason) in enumerate(zip(entries, names, why, strict=True))
    )


def check(member: Member, entry: ZipInfo) -> None:
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
    if member_names.hidden(entry.filename):
        return "hidden"
    return "link" if entry.external_attr >> 28 == _LINK else ""
