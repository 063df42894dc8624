"""The tables of schema `ingest`, the states of an ingestion, and row counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, MetaData, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.errors import RowCountMismatch

SCHEMA = "ingest"

metadata = MetaData(schema=SCHEMA)

_JSON = JSONB(none_as_null=True)
"""Stores `None` as NULL instead of JSON's null, so that queries need only `is null`."""

ingestions = Table(
    "ingestions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("container", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("head_sha256", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("bytes_read", BigInteger),
    Column("rows_read", BigInteger),
    Column("rows_inserted", BigInteger),
    Column("rows_updated", BigInteger),
    Column("rows_unchanged", BigInteger),
    Column("rows_duplicate", BigInteger),
    Column("rows_rejected", BigInteger),
    Column("ignored_columns", ARRAY(Text)),
    Column("format", _JSON),
    Column("columns", _JSON),
    Column("member", Text, nullable=False, server_default=""),
    Column("duplicate_of", Uuid),
    Column("replaced_by", Uuid),
    Column("corrects", Uuid),
    Column("replaying", Text),
    Column("undone", _JSON),
    Column("error", _JSON),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
)

datasets = Table(
    "datasets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("commits", BigInteger, nullable=False),
    Column("columns", _JSON),
    Column("key", ARRAY(Text), nullable=False, server_default="{}"),
)

dataset_changes = Table(
    "dataset_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("ingestion_id", Uuid),
    Column("change", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)

rejects = Table(
    "rejects",
    metadata,
    Column("ingestion_id", Uuid, primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("raw", Text, nullable=False),
    Column("errors", JSONB, nullable=False),
)


class State(StrEnum):
    """States of an ingestion: `received`, then `loading`, then one of the others."""

    RECEIVED = "received"
    LOADING = "loading"
    LOADED = "loaded"
    REFUSED = "refused"
    """The file cannot be loaded."""
    FAILED = "failed"
    """The load failed for a reason other than the file, after retries."""
    DUPLICATE = "duplicate"
    """The same bytes are already loaded in this dataset."""
    SUPERSEDED = "superseded"
    """The blob was replaced or deleted first."""
    UNDONE = "undone"
    """It was loaded, and its rows were removed on request."""


FINAL_STATES = frozenset({State.LOADED, State.REFUSED, State.DUPLICATE, State.SUPERSEDED, State.UNDONE})
"""States that no further delivery of the same version changes; only a replay or an undo does.

`failed` is not one of them: another attempt may succeed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of rows of a file. `duplicate` counts rows whose key occurs again later in the file."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0

    def check_row_counts(self) -> None:
        """Raises `RowCountMismatch` unless every row read is counted exactly once."""
        accounted = self.inserted + self.updated + self.unchanged + self.duplicate + self.rejected
        if self.read != accounted or min(self.unchanged, self.duplicate) < 0:
            raise RowCountMismatch(f"{self.read} rows were read but {accounted} accounted for: {self}")


def failure_json(code: str, detail: str, *, transient: bool = False) -> dict[str, Any]:
    """The error of a failed load as the ledger stores it; the sweep retries loads with a `transient` one."""
    return {"code": code, "detail": detail, "transient": transient}
