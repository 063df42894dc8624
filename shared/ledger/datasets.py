"""Inferred datasets in the ledger: columns, key, schema changes, and load history."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Date,
    Row,
    RowMapping,
    cast,
    false,
    func,
    insert,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from shared.inference.table_columns import TableColumn
from shared.ledger.tables import State, dataset_changes, datasets, ingestions


def write_dataset(
    connection: Connection, name: str, columns: Sequence[TableColumn] | None, key: Sequence[str]
) -> None:
    """Keep what the dataset's table has now; without `columns`, that a contract of the app's declares it."""
    described = null() if columns is None else [column.as_json() for column in columns]
    values = {"columns": described, "key": list(key)}
    statement = upsert(datasets).values(name=name, commits=0, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[datasets.c.name], set_=values))


def record_changes(
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


_IS_FILE = not_(func.coalesce(ingestions.c.format.has_key("members"), false()))
"""An archive counts what its members do."""


def last_load(connection: Connection, dataset: str) -> RowMapping | None:
    """The entry of the file that was loaded last, by the order of arrival; `None` where none ever was."""
    query = (
        select(ingestions)
        .where(ingestions.c.dataset == dataset, ingestions.c.state == State.LOADED)
        .order_by(ingestions.c.serial.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def schema_changes(
    connection: Connection, dataset: str, limit: int, before: int | None
) -> Sequence[RowMapping]:
    """At most `limit` changes of its table, the newest first; with `before`, those older than that one."""
    query = select(dataset_changes).where(dataset_changes.c.dataset == dataset)
    if before is not None:
        query = query.where(dataset_changes.c.id < before)
    return connection.execute(query.order_by(dataset_changes.c.id.desc()).limit(limit)).mappings().all()


def loads_by_day(connection: Connection, dataset: str, since: datetime) -> Sequence[Row[date, int, int]]:
    """For each day, in UTC, on which files were loaded: `day`, `rows` that they brought, `ingestions`.

    An archive counts by its members. What was undone does not count; what a newer version replaced does.
    """
    day = cast(func.timezone("UTC", ingestions.c.finished_at), Date)
    brought = func.coalesce(ingestions.c.rows_inserted, 0) + func.coalesce(ingestions.c.rows_updated, 0)
    query = (
        select(
            day.label("day"),
            cast(func.sum(brought), BigInteger).label("rows"),
            func.count().label("ingestions"),
        )
        .where(
            ingestions.c.dataset == dataset,
            ingestions.c.state == State.LOADED,
            ingestions.c.finished_at >= since,
            _IS_FILE,
        )
        .group_by(day)
        .order_by(day)
    )
    return connection.execute(query).all()


def loads_with_unchanged_rows(connection: Connection, entry: RowMapping, limit: int) -> list[uuid.UUID]:
    """Loads that found rows of their files in the table since `entry` was begun: its own, perhaps.

    The newest first, `limit` at most. Its rows may have been loaded under another name before, of which it
    was a duplicate.
    """
    before = ingestions.alias()
    is_twin = (before.c.dataset == entry["dataset"]) & (before.c.sha256 == entry["sha256"])
    query = (
        select(ingestions.c.id)
        .where(
            ingestions.c.dataset == entry["dataset"],
            ingestions.c.state == State.LOADED,
            ingestions.c.finished_at > select(func.min(before.c.started_at)).where(is_twin).scalar_subquery(),
            ingestions.c.rows_unchanged > 0,
            or_(ingestions.c.path != entry["path"], ingestions.c.etag != entry["etag"]),
            _IS_FILE,
        )
        .order_by(ingestions.c.finished_at.desc())
        .limit(limit)
    )
    return list(connection.scalars(query))
