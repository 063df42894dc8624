"""Creates and opens zip archives."""

from __future__ import annotations

import io
import zipfile

from shared.decoding.limits import ExpansionLimits
from shared.decoding.zip_archive import Archive
from tests.unit.decoding.block_sizes import range_file


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return sink.getvalue()


def opened(data: bytes, limits: ExpansionLimits | None = None) -> Archive:
    return Archive(range_file(data), limits or ExpansionLimits())


def content(archive: Archive, index: int = 0) -> bytes:
    return b"".join(archive.read(archive.members[index]))
