"""What the ledger knows of inferred datasets: their columns and key, and every change of their tables."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, null, select
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.inference.table import TableColumn
from shared.ledger.ingest import dataset_changes, datasets


def write(
    connection: Connection, name: str, columns: Sequence[TableColumn] | None, key: Sequence[str]
) -> None:
    """Keep what the dataset's table has now; without `columns`, that a contract of the app's declares it."""
    described = null() if columns is None else [column.as_json() for column in columns]
    values = {"columns": described, "key": list(key)}
    statement = upsert(datasets).values(name=name, commits=0, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[datasets.c.name], set_=values))


def record(
    connection: Connection,
    name: str,
    changes: Iterable[Mapping[str, Any]],
    ingestion_id: uuid.UUID | None = None,
) -> None:
    """Note `changes` of the table, in their order, with the ingestion whose file needed them."""
    entries = [{"dataset": name, "ingestion_id": ingestion_id, "change": dict(change)} for change in changes]
    if entries:
        connection.execute(insert(dataset_changes), entries)


def changes_of(connection: Connection, name: str) -> list[RowMapping]:
    """All changes of the dataset's table, oldest first: `change`, `changed_at`, `ingestion_id`.

    A change is `{"change": "created", "columns": …, "key": …}`, `{"change": "key set", "key": …}`,
    `{"change": "declared", "contract": …}`, or of one column, as `inference.changes` describes it.
    """
    query = select(dataset_changes).where(dataset_changes.c.dataset == name).order_by(dataset_changes.c.id)
    return list(connection.execute(query).mappings())
