"""An entry of the ledger as callers see it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_COUNTS = {
    "read": "rows_read",
    "inserted": "rows_inserted",
    "updated": "rows_updated",
    "unchanged": "rows_unchanged",
    "duplicates_in_file": "rows_duplicate",
    "rejected": "rows_rejected",
}


def of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """State, counts, timings, attempts and error; while it loads, `read` and `bytes_read` show how far."""
    return {
        "id": str(entry["id"]),
        "state": entry["state"],
        "dataset": entry["dataset"],
        "filename": entry["filename"],
        "blob": f"{entry['container']}/{entry['path']}",
        "size": entry["size"],
        "bytes_read": entry["bytes_read"],
        "sha256": entry["sha256"],
        "counts": counts(entry),
        "timings": _timings(entry["received_at"], entry["started_at"], entry["finished_at"]),
        "attempts": entry["attempts"],
        "error": entry["error"],
        "duplicate_of": entry["duplicate_of"] and str(entry["duplicate_of"]),
        "replaced_by": entry["replaced_by"] and str(entry["replaced_by"]),
        "ignored_columns": entry["ignored_columns"] or [],
        "format": entry["format"],
        "columns": entry["columns"] or [],
    }


def _timings(received: datetime, started: datetime | None, finished: datetime | None) -> dict[str, Any]:
    done = started and finished and round((finished - started).total_seconds() * 1000)
    return {
        "received_at": received.isoformat(),
        "started_at": started and started.isoformat(),
        "finished_at": finished and finished.isoformat(),
        "load_milliseconds": done,
    }


def counts(entry: Mapping[str, Any]) -> dict[str, int | None]:
    """What became of the rows of an entry."""
    return {name: entry[column] for name, column in _COUNTS.items()}
