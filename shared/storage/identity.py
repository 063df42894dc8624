"""Who an ingestion is: the version of a blob, its id, and the dataset that its path names."""

from __future__ import annotations

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
