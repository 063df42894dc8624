"""Spools the rejects of a load until it ends, then stores them in the ledger."""

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

MAX_REJECTS_OF_REFUSED_FILE = 10_000
"""Rejects of a refused file that are stored: enough to see what is wrong with it."""

_MAX_BYTES_IN_MEMORY = 1024 * 1024
"""More are spooled to a temporary file."""


class RejectSpool:
    """Rejects until the end of the load, when they are stored whether its rows are loaded or rolled back.

    A context manager: it deletes its temporary files on exit.
    """

    def __init__(self, ingestion_id: uuid.UUID) -> None:
        self._id = ingestion_id
        self._first = _CsvSpool()
        self._rest = _CsvSpool()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._first.close()
        self._rest.close()

    @property
    def count(self) -> int:
        """The number of rejects so far."""
        return self._first.rows + self._rest.rows

    def add(self, rejected: Sequence[Reject]) -> None:
        """Append rejects."""
        room = MAX_REJECTS_OF_REFUSED_FILE - self._first.rows
        self._first.write(self._id, rejected[:room])
        self._rest.write(self._id, rejected[room:])

    def keep(self, connection: Connection, *, only_few: bool = False) -> int:
        """Store all rejects, or the first `MAX_REJECTS_OF_REFUSED_FILE`; returns how many were stored.

        Rejects of an earlier attempt are deleted.
        """
        clear_rejects(connection, self._id)
        spools = [self._first] if only_few else [self._first, self._rest]
        for spool in spools:
            spool.copy(connection)
        return sum(spool.rows for spool in spools)


class _CsvSpool:
    """Rejects as CSV, in memory or in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY)  # noqa: SIM115 - closed with the spool
        self.rows = 0
        self.close = self._file.close

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
        lines = pa.BufferOutputStream()
        csv.write_csv(rows, lines, csv.WriteOptions(include_header=False))
        self._file.write(lines.getvalue())
        self.rows += len(rejected)

    def copy(self, connection: Connection) -> None:
        if self.rows:
            self._file.seek(0)
            names = [column.name for column in tables.rejects.columns]
            copy.copy_csv(connection, tables.rejects, names, self._file)


def clear_rejects(connection: Connection, ingestion_id: uuid.UUID) -> None:
    """Delete the stored rejects of an earlier attempt."""
    connection.execute(delete(tables.rejects).where(tables.rejects.c.ingestion_id == ingestion_id))


def _json(reject: Reject) -> bytes:
    return to_json([error.as_json() for error in reject.errors])
