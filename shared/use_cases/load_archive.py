"""Loads each file of a zip archive, then records the result of the archive."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from azure.storage.blob import ContainerClient
from sqlalchemy import Connection

from shared import driver_errors
from shared.datasets import catalog, reassign_rows
from shared.decoding import compression
from shared.decoding.range_file import RangeFile
from shared.decoding.zip_archive import Archive, ArchiveMember
from shared.errors import FileRefused, Superseded, Unavailable, Unexpected
from shared.ledger import duplicates, locks, versions
from shared.ledger.entries import MemberEntry, archive_members, count_columns, finish, total_counts
from shared.ledger.tables import FINAL_STATES, Counts, State, failure_json
from shared.storage import blob_version, blobs
from shared.storage.blobs import Upload
from shared.storage.content import Content
from shared.use_cases.load_file import LoadOutcome

_MOST_NAMED = 1000
"""Members that an entry names; a directory of an archive can have many thousands."""

_BROUGHT = (State.LOADED, State.DUPLICATE)

Deliver = Callable[[Upload, Callable[[], Content]], LoadOutcome]
"""Loads one file, once, as it would be loaded by itself."""


class IsArchive(Exception):
    """What was to be loaded as a file is an archive of files, which has this `content`."""

    def __init__(self, content: Content) -> None:
        super().__init__()
        self.content = content


def require_file(upload: Upload, content: Content) -> None:
    """Raises `ArchiveFound`. What is in an archive is a file, and refused where it is an archive too."""
    is_blob = not upload.version.member and blob_version.is_supported(upload.version.path)
    if is_blob and compression.compression_kind(content.head[: compression.HEAD]) == "zip":
        raise IsArchive(content)


class ArchiveLoader:
    """Loads what is in the archive `upload`, in the transaction of `connection`, which holds its locks.

    Each member has a transaction of its own. That of the archive's own entry is the last one, so that a
    delivery that comes after a crash finds what was settled before, and goes on.
    """

    def __init__(
        self,
        connection: Connection,
        container: ContainerClient,
        upload: Upload,
        dataset: str,
        deliver: Deliver,
    ) -> None:
        self._connection = connection
        self._container = container
        self._upload = upload
        self._dataset = dataset
        self._deliver = deliver

    def run(self, content: Content, settled: Collection[State]) -> LoadOutcome:
        """Load its members but those that are in one of the states `settled`; the caller commits.

        Raises what stopped it. A bug met in one member keeps no other from being loaded.
        """
        hashes = {"sha256": content.sha256(), "head_sha256": content.head_sha256}
        fetch = partial(blobs.read_range, self._container, self._upload.version)
        try:
            archive = Archive(RangeFile(fetch, self._upload.size))
        except FileRefused as exc:
            error = {"code": exc.code, "detail": exc.message, **exc.facts}
            return self._finish(State.REFUSED, format={"compression": "zip"}, error=error)
        del content  # its first block
        self._load_members(archive, settled)
        return self._conclude(hashes, _format_of(archive))

    def _load_members(self, archive: Archive, settled: Collection[State]) -> None:
        entries = archive_members(self._connection, self._upload.version)
        done = {entry.member for entry in entries if entry.state in settled}
        bug: Unexpected | None = None
        for member in archive.members:
            if member.skipped or member.name in done:
                continue
            try:
                outcome = self._deliver(_upload_of(self._upload, member), partial(_content, archive, member))
            except Unexpected as exc:
                bug = exc
                continue
            if outcome.state is None:
                raise Unavailable(
                    driver_errors.POSTGRES, "a file of the archive is being loaded by somebody else"
                )
        if bug:
            raise bug

    def _conclude(self, hashes: dict[str, str], found: dict[str, Any]) -> LoadOutcome:
        """The archive's own entry: what became of its members, all together."""
        entries = archive_members(self._connection, self._upload.version)
        if any(entry.state is State.SUPERSEDED for entry in entries):
            raise Superseded
        facts: dict[str, Any] = {"format": found, **hashes}
        if failed := [entry for entry in entries if entry.state not in FINAL_STATES]:
            return self._finish(State.FAILED, error=_some_failed(failed), **facts)
        if not any(entry.state in _BROUGHT for entry in entries):
            return self._finish(State.REFUSED, error=_all_refused(entries), **facts)
        locks.acquire_dataset(self._connection, self._dataset, exclusive=False)
        sha256, size = hashes["sha256"], self._upload.size
        duplicate = duplicates.find_duplicate_after_wait(
            self._connection, self._dataset, sha256, size, self._upload.version.ingestion_id
        )
        self._replace_rest(entries, [duplicate] if duplicate else [])
        if duplicate:
            return self._finish(State.DUPLICATE, duplicate_of=duplicate, **facts)
        counts = total_counts(entries)
        return self._finish(State.LOADED, counts, **count_columns(counts), **facts)

    def _replace_rest(self, entries: list[MemberEntry], duplicate: list[uuid.UUID]) -> None:
        """Without a key, what earlier versions of the blob brought besides our members goes."""
        dataset = catalog.find_dataset(self._connection, self._dataset)
        if dataset is None or dataset.contract.key:
            return
        spared = [*duplicate, *(entry.duplicate_of for entry in entries if entry.duplicate_of)]
        kept = [entry.member for entry in entries if entry.state is State.REFUSED]
        new_owners = versions.replace_rest(
            self._connection, self._upload.version, self._dataset, spared, kept
        )
        reassign_rows.reassign_rows(self._connection, dataset.contract, new_owners)

    def _finish(self, state: State, counts: Counts | None = None, **facts: Any) -> LoadOutcome:
        ingestion_id = self._upload.version.ingestion_id
        finish(self._connection, ingestion_id, state, **facts)
        return LoadOutcome(ingestion_id, state, counts)


def _upload_of(archive: Upload, member: ArchiveMember) -> Upload:
    """The member as if it had been uploaded by itself, told what the archive is told."""
    version = archive.version.of_member(member.name)
    return replace(archive, version=version, filename=member.name, size=member.size)


def _content(archive: Archive, member: ArchiveMember) -> Content:
    return Content(lambda: archive.read(member), member.size)


def _format_of(archive: Archive) -> dict[str, Any]:
    """What the archive turned out to be, and what in it is none to be loaded."""
    skipped = [member for member in archive.members if member.skipped]
    return {
        "compression": "zip",
        "members": len(archive.members) - len(skipped),
        "skipped": [{"member": one.name, "why": one.skipped} for one in skipped[:_MOST_NAMED]],
        "skipped_in_all": len(skipped),
    }


def _some_failed(failed: Sequence[MemberEntry]) -> dict[str, Any]:
    detail = f"{len(failed)} of its files could not be loaded, by our fault."
    return {**failure_json("members_failed", detail), "members": _named(failed)}


def _all_refused(entries: Sequence[MemberEntry]) -> dict[str, Any]:
    detail = f"All {len(entries)} files in the archive were refused; the ingestion of each says why."
    return {"code": "members_refused", "detail": detail, "members": _named(entries)}


def _named(entries: Sequence[MemberEntry]) -> list[dict[str, Any]]:
    return [
        {"id": str(entry.id), "member": entry.member, "code": (entry.error or {}).get("code")}
        for entry in entries[:_MOST_NAMED]
    ]
