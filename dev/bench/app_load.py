"""This app's load, called as its handler calls it, and held to what must have come of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from dev.bench import database
from shared import settings
from shared.ledger.tables import State
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_file import LoadOutcome


@dataclass(frozen=True)
class Expected:
    """What the ledger and the tables must say after a load; a wrong load is never a fast one."""

    state: State
    rows: int
    """Rows in the table."""
    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    rejected: int | None = None


class OurLoad:
    """The load in this process, with the engine and the storage client that the app makes itself."""

    def __init__(self, database_url: str, storage_connection_string: str) -> None:
        environment = {"DATABASE_URL": database_url, settings.STORAGE_CONNECTION: storage_connection_string}
        own = Resources(settings.load(environment))
        self._engine = own.engine
        self._ingesting = BlobLoader(own.engine, own.uploads, "sales")

    def __call__(self, blob: str) -> LoadOutcome:
        """Load a blob that is in storage already; return after the commit."""
        return self._ingesting.load(blob)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def require(url: str, ingestion_id: uuid.UUID | None, expected: Expected, table: str = "sales") -> None:
    """Raise `RuntimeError` unless the ledger and the `table` say what is `expected`."""
    found = database.query(url, f"{_FACTS} where id = '{ingestion_id}'")
    ((rows,),) = database.query(url, f"select count(*) from {table}")  # noqa: S608 - a constant
    wanted = (
        expected.state,
        expected.inserted,
        expected.updated,
        expected.unchanged,
        expected.rejected,
        expected.rejected or 0,
    )
    if found != [wanted] or rows != expected.rows:
        raise RuntimeError(f"the ledger says {found} and there are {rows} rows, expected was {expected}")


_FACTS = """
    select state, rows_inserted, rows_updated, rows_unchanged, rows_rejected,
        (select count(*) from ingest.rejects where ingestion_id = id)
    from ingest.ingestions
"""
