"""The rejects of an ingestion: every row that was not loaded, with its text and all reasons."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete

from shared.loading import copy
from shared.reading.printable import printable
from shared.reading.reject import Reject
from shared.tables import ingest


def add(connection: Connection, ingestion_id: uuid.UUID, rejected: Sequence[Reject]) -> None:
    """Keep `rejected`, in the transaction of the load."""
    if not rejected:
        return
    columns: dict[str, list[Any]] = {
        "ingestion_id": [str(ingestion_id)] * len(rejected),
        "line": [reject.line for reject in rejected],
        "raw": [printable(reject.raw) for reject in rejected],
        "errors": [_json(reject) for reject in rejected],
    }
    copy.copy_in(connection, ingest.rejects, pa.table(columns))


def clear(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Forget the rejects of an earlier try."""
    connection.execute(delete(ingest.rejects).where(ingest.rejects.c.ingestion_id == ingestion_id))


def _json(reject: Reject) -> str:
    reasons = [error.as_json() for error in reject.errors]
    for reason in reasons:
        reason["value"] = None if reason["value"] is None else printable(reason["value"])
    return json.dumps(reasons, ensure_ascii=False)
