"""Names of an archive's members: what they say of these, and how they are made safe to show and to store."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

_SURELY = {".csv", ".tsv", ".tab", ".psv"}
_PERHAPS = {".txt", ".dat", ""}
"""Extensions of CSV files; the latter count where an archive has none of the former, as beside them they are
mostly readmes."""

_COMPRESSED = {".gz", ".bz2", ".zst"}
"""Extensions behind those; what is compressed so is decompressed when it is read, by its content."""

_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile(r"[A-Za-z]:")


def cleaned(names: Iterable[str]) -> list[str]:
    """The names as relative paths without `.`, `..`, drives and unprintable characters, no two alike."""
    taken: set[str] = set()
    unique = []
    for name in names:
        path = PurePosixPath(_cleaned(name) or "unnamed")
        number, free = 1, path
        while str(free) in taken:
            number += 1
            free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        taken.add(str(free))
        unique.append(str(free))
    return unique


def wanted(names: Sequence[str]) -> set[str]:
    """The extensions, lower-case, by which members of these names are taken for CSV."""
    return _SURELY if any(extension(name) in _SURELY for name in names) else _PERHAPS


def extension(name: str) -> str:
    """The extension with its dot, lower-case, before one that says how the file is compressed."""
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix


def hidden(name: str) -> bool:
    """Whether an operating system put it there: `__MACOSX/…`, `._data.csv`, `.DS_Store`."""
    parts = _SEPARATORS.split(name)
    return "__MACOSX" in parts or parts[-1].startswith(".")


def office(names: Iterable[str]) -> bool:
    """Whether these are the parts of an Office or OpenDocument file, such as an Excel workbook."""
    return "[Content_Types].xml" in (every := set(names)) or {"mimetype", "content.xml"} <= every


def _cleaned(name: str) -> str:
    printable = "".join(char for char in name if char.isprintable())
    parts = _SEPARATORS.split(_DRIVE.sub("", printable, count=1) if _DRIVE.match(printable) else printable)
    return "/".join(part for part in parts if part not in {"", ".", ".."})
