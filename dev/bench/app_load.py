"""A load by this app, called as its blob trigger calls it, and checked against the expected result."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from dev.bench import database
from shared import settings
from shared.ledger.tables import State
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome

_LEDGER_ENTRY = """
    select state, rows_inserted, rows_updated, rows_unchanged, rows_rejected,
        (select count(*) from ingest.rejects where ingestion_id = id)
    from ingest.ingestions
"""


@dataclass(frozen=True)
class ExpectedResult:
    """What the ledger and the table must contain after a load, so that no wrong load counts as a fast one."""

    state: State
    rows: int
    """Rows in the table."""
    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    rejected: int | None = None


class AppLoad:
    """Loads blobs in this process, with the engine and the storage client that the app creates."""

    def __init__(self, database_url: str, storage_connection_string: str) -> None:
        environment = {"DATABASE_URL": database_url, settings.STORAGE_CONNECTION: storage_connection_string}
        resources = Resources(settings.load(environment))
        self._engine = resources.engine
        self._loader = BlobLoader(resources.engine, resources.uploads, "sales")

    def __call__(self, blob: str) -> LoadOutcome:
        """Load an uploaded blob and return after the commit."""
        return self._loader.load(blob)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def check_result(
    url: str, ingestion_id: uuid.UUID | None, expected: ExpectedResult, table: str = "sales"
) -> None:
    """Raise `RuntimeError` unless the ledger entry and `table` are as `expected`."""
    entry = database.query(url, f"{_LEDGER_ENTRY} where id = '{ingestion_id}'")
    ((rows,),) = database.query(url, f"select count(*) from {table}")  # noqa: S608 - a constant
    wanted = (
        expected.state,
        expected.inserted,
        expected.updated,
        expected.unchanged,
        expected.rejected,
        expected.rejected or 0,
    )
    if entry != [wanted] or rows != expected.rows:
        raise RuntimeError(f"expected {expected}, but the ledger has {entry} and the table {rows} rows")
