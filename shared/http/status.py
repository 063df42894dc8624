"""An entry of the ledger as callers see it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.ledger.counts import Counts
from shared.ledger.members import MemberEntry
from shared.storage.identity import BlobVersion

_COUNTS = {
    "read": "rows_read",
    "inserted": "rows_inserted",
    "updated": "rows_updated",
    "unchanged": "rows_unchanged",
    "duplicates_in_file": "rows_duplicate",
    "rejected": "rows_rejected",
}

_LONG = ("format", "columns")

_MOST_MEMBERS = 1000


def of(
    entry: Mapping[str, Any],
    members: Sequence[MemberEntry] = (),
    corrected_by: Sequence[uuid.UUID] = (),
) -> dict[str, Any]:
    """State, counts, timings, attempts and error; while it loads, `read` and `bytes_read` show how far.

    Of an archive also the first thousand of its `members`, of a file in one the `archive`. While it is loaded
    again, its rows of before are there, but it says so only of the new load.
    """
    return {
        "id": str(entry["id"]),
        "state": entry["replaying"] or entry["state"],
        "dataset": entry["dataset"],
        "filename": entry["filename"],
        "blob": f"{entry['container']}/{entry['path']}",
        "size": entry["size"],
        "bytes_read": entry["bytes_read"],
        "sha256": entry["sha256"],
        "counts": counts(entry),
        "timings": _timings(entry),
        "attempts": entry["attempts"],
        "error": entry["error"],
        "duplicate_of": entry["duplicate_of"] and str(entry["duplicate_of"]),
        "replaced_by": entry["replaced_by"] and str(entry["replaced_by"]),
        "corrects": entry["corrects"] and str(entry["corrects"]),
        "corrected_by": [str(one) for one in corrected_by],
        "undone": entry["undone"],
        "ignored_columns": entry["ignored_columns"] or [],
        "format": entry["format"],
        "columns": entry["columns"] or [],
        **_of_member(entry),
        **({"members": [_member(one) for one in members[:_MOST_MEMBERS]]} if members else {}),
    }


def _of_member(entry: Mapping[str, Any]) -> dict[str, Any]:
    if not entry["member"]:
        return {}
    archive = BlobVersion(entry["container"], entry["path"], entry["etag"])
    return {"member": entry["member"], "archive": str(archive.ingestion_id)}


def _member(one: MemberEntry) -> dict[str, Any]:
    counts = {name: getattr(one.counts, field) for name, field in _FIELDS.items()}
    return {"id": str(one.id), "member": one.member, "state": one.state, "counts": counts}


_FIELDS = dict(zip(_COUNTS, Counts.__slots__, strict=True))


def listed(entry: Mapping[str, Any], corrected_by: Sequence[uuid.UUID] = ()) -> dict[str, Any]:
    """The same for a list, without what would make it long."""
    whole = of(entry, corrected_by=corrected_by)
    return {name: value for name, value in whole.items() if name not in _LONG}


def _timings(entry: Mapping[str, Any]) -> dict[str, Any]:
    started: datetime | None = None if entry["replaying"] == "received" else entry["started_at"]
    finished: datetime | None = None if entry["replaying"] else entry["finished_at"]
    done = started and finished and round((finished - started).total_seconds() * 1000)
    return {
        "received_at": entry["received_at"].isoformat(),
        "started_at": started and started.isoformat(),
        "finished_at": finished and finished.isoformat(),
        "load_milliseconds": done,
    }


def counts(entry: Mapping[str, Any]) -> dict[str, int | None]:
    """What became of the rows of an entry."""
    return {name: None if entry["replaying"] else entry[column] for name, column in _COUNTS.items()}
