"""The version of a blob: its ingestion id, its dataset, and safe file names."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass, replace

_NAMESPACE = uuid.UUID("5b0c8d0e-7c5c-5a4f-9d53-7f1f3a0a9d3b")
"""Fixed for ever: changing it would make every known blob a new one."""


@dataclass(frozen=True, slots=True)
class BlobVersion:
    """One version of one blob, or of a file in it: what an ingestion loads."""

    container: str
    path: str
    etag: str
    member: str = ""
    """The file in the archive that the blob is; empty for the blob itself."""

    @property
    def ingestion_id(self) -> uuid.UUID:
        """UUIDv5 of container, path and ETag: whoever sees the blob computes the same id.

        The ETag counts without its quotes, because the platform's parts disagree about them. Newlines
        separate the three; neither a container's name nor an ETag can hold one. That of a member is a UUIDv5
        of its name in the namespace that is the archive's id.
        """
        blob = uuid.uuid5(_NAMESPACE, f"{self.container}\n{self.etag.strip(chr(34))}\n{self.path}")
        return uuid.uuid5(blob, self.member) if self.member else blob

    def of_member(self, member: str) -> BlobVersion:
        """The file of this name in the archive that the blob is."""
        return replace(self, member=member)

    @property
    def archive(self) -> BlobVersion:
        """The blob itself."""
        return replace(self, member="")


def dataset_of(path: str, default: str) -> str:
    """The dataset that a blob's path names: its first folder, or `default` at the container's root."""
    folder, slash, _ = path.partition("/")
    return folder if slash else default


def file_name_of(path: str) -> str:
    """The last part of a blob's path."""
    return path.rpartition("/")[2]


_TABLES = (".csv", ".tsv", ".tab", ".psv", ".txt")
_COMPRESSED = (".gz", ".bz2", ".zst")

EXTENSIONS = (*_TABLES, *(table + kind for table in _TABLES for kind in _COMPRESSED), ".zip")
"""What a file contains is told by its bytes; the name only says that it is meant to be loaded."""

SUPPORTED = f"{', '.join(_TABLES)}, each also with {', '.join(_COMPRESSED)} behind it, and .zip"
"""The extensions in words."""

_MAX_NAME_LENGTH = 120
"""Characters of a stored name; the rest of a blob's path and the trigger's receipts need room too."""

_UNSAFE = re.compile(r"[^\w.\-]+")


def is_supported(filename: str) -> bool:
    """Whether the name's extension is one that can be loaded, in any case."""
    return filename.lower().endswith(EXTENSIONS)


def stem(filename: str) -> str:
    """The name without an extension that can be loaded."""
    ends = [len(extension) for extension in EXTENSIONS if filename.lower().endswith(extension)]
    return filename[: -max(ends)] if ends else filename


def safe_name(filename: str) -> str:
    """A name for a blob that stays in its folder, whatever a client sent.

    The last part of the path (either slash), letters and digits of any script, `.`, `-` and `_`; every other
    run of characters becomes one `_`. Long names lose their middle, so that the extension stays.
    """
    last = re.split(r"[/\\]", filename)[-1]
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", last)).strip(".") or "_"
    if not is_supported(name) and is_supported(filename):
        name = f"_{next(extension for extension in EXTENSIONS if filename.lower().endswith(extension))}"
    if len(name) > _MAX_NAME_LENGTH:
        name = name[: _MAX_NAME_LENGTH - 20] + name[-20:]
    return name
