"""A dry run as callers see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shared.errors import FileRefused
from shared.parsing.reject import Reject
from shared.printable import printable
from shared.use_cases.dry_run import DryRun, Item
from shared.use_cases.outlook import Outlook


def text(run: DryRun, told: Mapping[str, Any]) -> str:
    """JSON of all of it; rows go into it as the texts that they are, since Python's JSON has no decimals."""
    head = {"dataset": run.dataset, "declared": run.is_declared, "creates": run.is_new, "told": told}
    files = ",".join(_with(_item(item), "rows", f"[{','.join(item.outlook.rows)}]") for item in run.items)
    return _with(head, "files", f"[{files}]")


def _with(members: Mapping[str, Any], name: str, value: str) -> str:
    """An object of `members` and one more, whose value is JSON text already."""
    return f'{json.dumps(members, ensure_ascii=False, default=str)[:-1]}, "{name}": {value}}}'


def _item(item: Item) -> dict[str, Any]:
    outlook = item.outlook
    columns = [asdict(column) for column in outlook.columns]
    return {
        "filename": item.file.filename,
        "member": item.member and item.member.name,
        "size": item.member.size if item.member else len(item.file.content),
        "would_be": "refused" if outlook.refusal else "loaded",
        "error": outlook.refusal and _error(outlook.refusal),
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


def _ignored(outlook: Outlook) -> list[str]:
    """Columns that a contract does not know; of a file that is refused for its header, none is ignored."""
    is_any_loaded = any(column.name for column in outlook.columns)
    return [column.header for column in outlook.columns if not column.name] if is_any_loaded else []


def _error(refusal: FileRefused) -> dict[str, Any]:
    """As the ledger would have it."""
    return {"code": refusal.code, "detail": refusal.message, **refusal.facts}


def _reject(reject: Reject) -> dict[str, Any]:
    errors = [error.as_json() for error in reject.errors]
    for error in errors:
        error["value"] = None if error["value"] is None else printable(error["value"])
    return {"line": reject.line, "raw": printable(reject.raw), "errors": errors}
