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
from shared.decoding.zip_archive import Archive, ArchiveMember, RangeFile
from shared.error_codes import failure_text
from shared.errors import FileRefused, Superseded, Unavailable, Unexpected
from shared.ledger import locks, versions
from shared.ledger.duplicates import Duplicates
from shared.ledger.entries import MemberEntry, archive_members, count_columns, finish, total_counts
from shared.ledger.tables import FINAL_STATES, Counts, State, failure_json
from shared.storage import blobs
from shared.storage.blobs import Upload
from shared.storage.content import Content
from shared.use_cases.load_context import LoadOutcome

_MAX_LISTED = 1000
"""Members that an entry lists; an archive can have many thousands."""

_SUCCESSFUL = (State.LOADED, State.DUPLICATE)

LoadMember = Callable[[Upload, Callable[[], Content]], LoadOutcome]
"""Loads one member exactly once, as a file that was uploaded by itself."""


class ArchiveLoader:
    """Loads the members of the archive `upload`; the transaction of `connection` holds the archive's locks.

    Each member is loaded in a transaction of its own. The archive's own entry is finished last, so that a
    delivery after a crash finds the members that are finished and continues with the others.
    """

    def __init__(
        self,
        connection: Connection,
        container: ContainerClient,
        upload: Upload,
        dataset: str,
        load_member: LoadMember,
    ) -> None:
        self._connection = connection
        self._container = container
        self._upload = upload
        self._dataset = dataset
        self._load_member = load_member

    def run(self, content: Content, final_states: Collection[State]) -> LoadOutcome:
        """Load the members whose state is not one of `final_states`; the caller commits.

        An unexpected error in one member does not stop the others; it is raised after them.
        """
        hashes = {"sha256": content.sha256(), "head_sha256": content.head_sha256}
        fetch = partial(blobs.read_range, self._container, self._upload.version)
        try:
            archive = Archive(RangeFile(fetch, self._upload.size))
        except FileRefused as exc:
            error = exc.as_json()
            return self._finish(State.REFUSED, format={"compression": "zip"}, error=error)
        del content  # frees its first block
        self._load_members(archive, final_states)
        return self._record_outcome(hashes, _format_of(archive))

    def _load_members(self, archive: Archive, final_states: Collection[State]) -> None:
        entries = archive_members(self._connection, self._upload.version)
        done = {entry.member for entry in entries if entry.state in final_states}
        bug: Unexpected | None = None
        for member in archive.members:
            if member.skipped or member.name in done:
                continue
            try:
                outcome = self._load_member(
                    _upload_of(self._upload, member), partial(_content, archive, member)
                )
            except Unexpected as exc:
                bug = exc
                continue
            if outcome.state is None:
                raise Unavailable(driver_errors.POSTGRES, "another delivery is loading a file of the archive")
        if bug:
            raise bug

    def _record_outcome(self, hashes: dict[str, str], found: dict[str, Any]) -> LoadOutcome:
        """Finish the archive's own entry from the results of its members."""
        entries = archive_members(self._connection, self._upload.version)
        if any(entry.state is State.SUPERSEDED for entry in entries):
            raise Superseded
        facts: dict[str, Any] = {"format": found, **hashes}
        if failed := [entry for entry in entries if entry.state not in FINAL_STATES]:
            return self._finish(State.FAILED, error=_some_failed(failed), **facts)
        if not any(entry.state in _SUCCESSFUL for entry in entries):
            return self._finish(State.REFUSED, error=_all_refused(entries), **facts)
        locks.acquire_dataset(self._connection, self._dataset, exclusive=False)
        sha256, size = hashes["sha256"], self._upload.size
        own = self._upload.version.ingestion_id
        duplicate = Duplicates(self._connection, own, self._dataset, size).lock_and_find(sha256)
        self._replace_other_rows(entries, [duplicate] if duplicate else [])
        if duplicate:
            return self._finish(State.DUPLICATE, duplicate_of=duplicate, **facts)
        counts = total_counts(entries)
        return self._finish(State.LOADED, counts, **count_columns(counts), **facts)

    def _replace_other_rows(self, entries: list[MemberEntry], duplicates_of_archive: list[uuid.UUID]) -> None:
        """Without a key, replace rows of earlier versions of the blob that no current member holds."""
        dataset = catalog.find_dataset(self._connection, self._dataset)
        if dataset is None or dataset.contract.key:
            return
        spared = [*duplicates_of_archive, *(entry.duplicate_of for entry in entries if entry.duplicate_of)]
        refused = [entry.member for entry in entries if entry.state is State.REFUSED]
        new_owners = versions.replace_rest(
            self._connection, self._upload.version, self._dataset, spared, refused
        )
        reassign_rows.reassign_rows(self._connection, dataset.contract, new_owners)

    def _finish(self, state: State, counts: Counts | None = None, **facts: Any) -> LoadOutcome:
        ingestion_id = self._upload.version.ingestion_id
        finish(self._connection, ingestion_id, state, **facts)
        return LoadOutcome(ingestion_id, state, counts)


def _upload_of(archive: Upload, member: ArchiveMember) -> Upload:
    """The member as if it had been uploaded by itself, with the options of the archive."""
    version = archive.version.of_member(member.name)
    return replace(archive, version=version, filename=member.name, size=member.size)


def _content(archive: Archive, member: ArchiveMember) -> Content:
    return Content(lambda: archive.read(member), member.size)


def _format_of(archive: Archive) -> dict[str, Any]:
    """The `format` of the archive's entry: its number of members, and the entries that are not CSV files."""
    skipped = [member for member in archive.members if member.skipped]
    return {
        "compression": "zip",
        "members": len(archive.members) - len(skipped),
        "skipped": [{"member": member.name, "why": member.skipped} for member in skipped[:_MAX_LISTED]],
        "skipped_in_all": len(skipped),
    }


def _some_failed(failed: Sequence[MemberEntry]) -> dict[str, Any]:
    detail = failure_text("members_failed", count=len(failed))
    return {**failure_json("members_failed", detail), "members": _listed(failed)}


def _all_refused(entries: Sequence[MemberEntry]) -> dict[str, Any]:
    refusal = FileRefused("members_refused", {"count": len(entries)}, members=_listed(entries))
    return refusal.as_json()


def _listed(entries: Sequence[MemberEntry]) -> list[dict[str, Any]]:
    return [
        {"id": str(entry.id), "member": entry.member, "code": (entry.error or {}).get("code")}
        for entry in entries[:_MAX_LISTED]
    ]
