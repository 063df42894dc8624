"""Ledger entries, datasets and dry runs as JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.ledger.entries import MemberEntry
from shared.ledger.tables import Counts
from shared.parsing.rejects import Reject
from shared.storage.blob_version import BlobVersion
from shared.text import printable

if TYPE_CHECKING:  # they import pandas and pyarrow
    from shared.queries.describe_datasets import DatasetDescription
    from shared.use_cases.dry_run import DryRun, DryRunItem
    from shared.use_cases.dry_run_report import FileDryRun

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


def ingestion_json(
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
        "counts": counts_json(entry),
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


def listed_ingestion_json(entry: Mapping[str, Any], corrected_by: Sequence[uuid.UUID] = ()) -> dict[str, Any]:
    """The same for a list, without what would make it long."""
    whole = ingestion_json(entry, corrected_by=corrected_by)
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


def counts_json(entry: Mapping[str, Any]) -> dict[str, int | None]:
    """What became of the rows of an entry."""
    return {name: None if entry["replaying"] else entry[column] for name, column in _COUNTS.items()}


def dataset_json(description: DatasetDescription) -> dict[str, Any]:
    """Columns, key, rows and last load; `rows` is `None` where nobody can tell, and `problem` says why."""
    count = description.count
    return {
        "name": description.dataset.name,
        "declared": description.dataset.is_declared,
        "key": list(description.dataset.contract.key),
        "columns": [asdict(column) for column in description.columns],
        "rows": count.rows,
        "rows_estimated": count.is_estimate,
        "problem": count.problem,
        "last_load": description.last_load and _load(dict(description.last_load)),
    }


def change_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A change of a dataset's table, with the ingestion that made it, if one did."""
    return {
        **entry["change"],
        "ingestion_id": entry["ingestion_id"] and str(entry["ingestion_id"]),
        "changed_at": entry["changed_at"].isoformat(),
    }


def _load(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ingestion_id": str(entry["id"]),
        "filename": entry["filename"],
        "finished_at": entry["finished_at"].isoformat(),
        "counts": counts_json(entry),
    }


def dry_run_json(run: DryRun, told: Mapping[str, Any]) -> str:
    """JSON of all of it; rows go into it as the texts that they are, since Python's JSON has no decimals."""
    head = {"dataset": run.dataset, "declared": run.is_declared, "creates": run.is_new, "told": told}
    files = ",".join(_with(_item(item), "rows", f"[{','.join(item.outlook.rows)}]") for item in run.items)
    return _with(head, "files", f"[{files}]")


def _with(members: Mapping[str, Any], name: str, value: str) -> str:
    """An object of `members` and one more, whose value is JSON text already."""
    return f'{json.dumps(members, ensure_ascii=False, default=str)[:-1]}, "{name}": {value}}}'


def _item(item: DryRunItem) -> dict[str, Any]:
    outlook = item.outlook
    columns = [asdict(column) for column in outlook.columns]
    return {
        "filename": item.file.filename,
        "member": item.member and item.member.name,
        "size": item.member.size if item.member else len(item.file.content),
        "would_be": "refused" if outlook.refusal else "loaded",
        "error": outlook.refusal and outlook.refusal.as_json(),
        "compression": "zip" if item.is_archive else (outlook.format and outlook.format.compression) or None,
        "format": outlook.format and outlook.format.as_json(),
        "columns": columns,
        "ignored_columns": _ignored(outlook),
        "counts": {
            "read": outlook.accepted + outlook.rejected,
            "accepted": outlook.accepted,
            "rejected": outlook.rejected,
        },
        "rejects": [_reject(reject) for reject in outlook.rejects],
        "changes": [change.as_json() for change in outlook.changes],
    }


def _ignored(outlook: FileDryRun) -> list[str]:
    """Columns that a contract does not know; of a file that is refused for its header, none is ignored."""
    is_any_loaded = any(column.name for column in outlook.columns)
    return [column.header for column in outlook.columns if not column.name] if is_any_loaded else []


def _reject(reject: Reject) -> dict[str, Any]:
    errors = [error.as_json() for error in reject.errors]
    for error in errors:
        error["value"] = None if error["value"] is None else printable(error["value"])
    return {"line": reject.line, "raw": printable(reject.raw), "errors": errors}
