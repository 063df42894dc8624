"""The version of a blob: its ingestion id, its dataset, and safe file names."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass, replace

from shared.formats.compressions import ARCHIVE_EXTENSIONS, STREAM_EXTENSIONS
from shared.formats.format import CSV_EXTENSIONS

_NAMESPACE = uuid.UUID("5b0c8d0e-7c5c-5a4f-9d53-7f1f3a0a9d3b")
"""Must never change: otherwise each known blob would be a new one."""


@dataclass(frozen=True, slots=True)
class BlobVersion:
    """What an ingestion loads: one version of a blob, or of a file in a zip archive."""

    container: str
    path: str
    etag: str
    member: str = ""
    """The name of the file in the archive; empty for the blob itself."""

    @property
    def ingestion_id(self) -> uuid.UUID:
        """UUIDv5 of container, path and ETag, so that each process computes the same id.

        The quotes of the ETag are stripped, because parts of the platform disagree about them. Newlines
        separate the three, as neither the name of a container nor an ETag can contain one. The id of a
        member is a UUIDv5 of its name, with the id of the archive as namespace.
        """
        blob = uuid.uuid5(_NAMESPACE, f"{self.container}\n{self.etag.strip(chr(34))}\n{self.path}")
        return uuid.uuid5(blob, self.member) if self.member else blob

    def of_member(self, member: str) -> BlobVersion:
        """Return the version of the file `member` in this archive."""
        return replace(self, member=member)


def dataset_of(path: str, default: str) -> str:
    """Return the first folder of a blob's path, or `default` for a blob in the container's root."""
    folder, slash, _ = path.partition("/")
    return folder if slash else default


def file_name_of(path: str) -> str:
    """Return the last part of a blob's path."""
    return path.rpartition("/")[2]


_TEXT_EXTENSIONS = (*CSV_EXTENSIONS, ".txt")

EXTENSIONS = (
    *_TEXT_EXTENSIONS,
    *(text + compression for text in _TEXT_EXTENSIONS for compression in STREAM_EXTENSIONS),
    *ARCHIVE_EXTENSIONS,
)
"""Extensions of files that are loaded. The content of a file decides how it is read, not its extension."""

SUPPORTED = (
    f"{', '.join(_TEXT_EXTENSIONS)}, each also followed by {', '.join(STREAM_EXTENSIONS)}, "
    f"and {', '.join(ARCHIVE_EXTENSIONS)}"
)
"""The supported extensions in words."""

_MAX_NAME_LENGTH = 120
"""Characters of a stored name; the rest of the blob's path and the trigger's receipts need space too."""

_UNSAFE = re.compile(r"[^\w.\-]+")


def is_supported(filename: str) -> bool:
    """Whether the name has a supported extension, in upper or lower case."""
    return filename.lower().endswith(EXTENSIONS)


def stem(filename: str) -> str:
    """Return the name without its supported extension."""
    ends = [len(extension) for extension in EXTENSIONS if filename.lower().endswith(extension)]
    return filename[: -max(ends)] if ends else filename


def safe_name(filename: str) -> str:
    """Return a name for a blob that cannot leave its folder, for any name that a client sends.

    It is the last part of the path (slash or backslash), with letters and digits of any script, `.`, `-` and
    `_`; other characters are replaced by `_`. Long names are cut in the middle, to keep the extension.
    """
    last = re.split(r"[/\\]", filename)[-1]
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", last)).strip(".") or "_"
    if not is_supported(name) and is_supported(filename):
        name = f"_{next(extension for extension in EXTENSIONS if filename.lower().endswith(extension))}"
    if len(name) > _MAX_NAME_LENGTH:
        name = name[: _MAX_NAME_LENGTH - 20] + name[-20:]
    return name
