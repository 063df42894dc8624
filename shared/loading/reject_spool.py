"""Spools the rejects of a load until its end, then stores them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyarrow import csv
from pydantic_core import to_json
from sqlalchemy import Connection, delete

from shared.database import copy
from shared.ledger import tables
from shared.parsing.rejects import Reject
from shared.text import printable

FEW = 10_000
"""Rejects of a refused file that are kept: enough to see what is wrong with it."""

_IN_MEMORY = 1024 * 1024
"""Bytes; more of them wait in a temporary file."""


class RejectSpool:
    """Rejects that wait for the load's end; they are kept whether the rows of the load are or not."""

    def __init__(self, ingestion_id: uuid.UUID) -> None:
        self._id = ingestion_id
        self._first = _File()
        self._rest = _File()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._first.close()
        self._rest.close()

    @property
    def count(self) -> int:
        """How many there are."""
        return self._first.rows + self._rest.rows

    def add(self, rejected: Sequence[Reject]) -> None:
        """Append `rejected`."""
        room = FEW - self._first.rows
        self._first.write(self._id, rejected[:room])
        self._rest.write(self._id, rejected[room:])

    def keep(self, connection: Connection, *, only_few: bool = False) -> int:
        """Write them, or the first `FEW`, in place of those of an earlier try; returns how many."""
        clear_rejects(connection, self._id)
        files = [self._first] if only_few else [self._first, self._rest]
        for file in files:
            file.copy(connection)
        return sum(file.rows for file in files)


class _File:
    """Rejects as CSV, in memory while they are few."""

    def __init__(self) -> None:
        self._bytes = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with the spool
        self.rows = 0
        self.close = self._bytes.close

    def write(self, ingestion_id: uuid.UUID, rejected: Sequence[Reject]) -> None:
        if not rejected:
            return
        rows = pa.table(
            {
                "ingestion_id": pa.repeat(str(ingestion_id), len(rejected)),
                "line": pa.array([reject.line for reject in rejected], pa.int64()),
                "raw": pa.array([printable(reject.raw) for reject in rejected], pa.string()),
                "errors": pa.array([_json(reject) for reject in rejected], pa.string()),
            }
        )
        text = pa.BufferOutputStream()
        csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
        self._bytes.write(text.getvalue())
        self.rows += len(rejected)

    def copy(self, connection: Connection) -> None:
        if self.rows:
            self._bytes.seek(0)
            names = [column.name for column in tables.rejects.columns]
            copy.copy_csv(connection, tables.rejects, names, self._bytes)


def clear_rejects(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Forget the rejects of an earlier try."""
    connection.execute(delete(tables.rejects).where(tables.rejects.c.ingestion_id == ingestion_id))


def _json(reject: Reject) -> bytes:
    reasons = [error.as_json() for error in reject.errors]
    for reason in reasons:
        reason["value"] = None if reason["value"] is None else printable(reason["value"])
    return to_json(reasons)
