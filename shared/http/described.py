"""A dataset as callers see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from shared.http import status
from shared.queries.datasets import Description


def of(description: Description) -> dict[str, Any]:
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


def change(entry: Mapping[str, Any]) -> dict[str, Any]:
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
        "counts": status.counts(entry),
    }
