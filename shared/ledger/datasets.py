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
    """Store the columns and the key of the dataset's table; `columns` is `None` if a contract declares it."""
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
    """Store `changes` of the table, oldest first, with the ingestion whose file needed them.

    A change is `{"change": "created", "columns": …, "key": …}`, `{"change": "key set", "key": …}`,
    `{"change": "declared", "contract": …}`, or the change of one column, as `datasets.alter_table` describes
    it.
    """
    entries = [{"dataset": name, "ingestion_id": ingestion_id, "change": dict(change)} for change in changes]
    if entries:
        connection.execute(insert(dataset_changes), entries)


_IS_FILE = not_(func.coalesce(ingestions.c.format.has_key("members"), false()))
"""Not an archive, whose members are counted instead."""


def last_load(connection: Connection, dataset: str) -> RowMapping | None:
    """The entry of the loaded file that arrived last, or `None`."""
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
    """At most `limit` changes of the dataset's table, newest first; only those with an id below `before`."""
    query = select(dataset_changes).where(dataset_changes.c.dataset == dataset)
    if before is not None:
        query = query.where(dataset_changes.c.id < before)
    return connection.execute(query.order_by(dataset_changes.c.id.desc()).limit(limit)).mappings().all()


def loads_by_day(connection: Connection, dataset: str, since: datetime) -> Sequence[Row[date, int, int]]:
    """For each UTC day with loads since `since`: `day`, `rows` inserted or updated, number of `ingestions`.

    The members of an archive are counted instead of the archive. Loads that a newer version replaced are
    counted, loads that were undone are not.
    """
    day = cast(func.timezone("UTC", ingestions.c.finished_at), Date)
    written = func.coalesce(ingestions.c.rows_inserted, 0) + func.coalesce(ingestions.c.rows_updated, 0)
    query = (
        select(
            day.label("day"),
            cast(func.sum(written), BigInteger).label("rows"),
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
    """Loads that left existing rows unchanged since `entry` was first loaded, perhaps rows of `entry`.

    At most `limit`, newest first. Its rows count from the first load of the same bytes on, since `entry` may
    have been a duplicate of that load.
    """
    before = ingestions.alias()
    is_same_content = (before.c.dataset == entry["dataset"]) & (before.c.sha256 == entry["sha256"])
    first_start = select(func.min(before.c.started_at)).where(is_same_content).scalar_subquery()
    query = (
        select(ingestions.c.id)
        .where(
            ingestions.c.dataset == entry["dataset"],
            ingestions.c.state == State.LOADED,
            ingestions.c.finished_at > first_start,
            ingestions.c.rows_unchanged > 0,
            or_(ingestions.c.path != entry["path"], ingestions.c.etag != entry["etag"]),
            _IS_FILE,
        )
        .order_by(ingestions.c.finished_at.desc())
        .limit(limit)
    )
    return list(connection.scalars(query))
