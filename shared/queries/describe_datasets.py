"""Describes datasets: columns, row counts, loads, schema changes and contract source."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, RowMapping, select

from shared.contracts import dataset_table
from shared.contracts.registry import CONTRACTS
from shared.database import transactions
from shared.datasets import catalog, tables
from shared.datasets.catalog import Dataset
from shared.datasets.tables import RowCount
from shared.inference import contract_source
from shared.ledger import datasets
from shared.ledger import tables as ledger_tables


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """A column of a dataset; `headers` are the files' own names of it, `nulls` stand for missing values."""

    name: str
    type: str
    nullable: bool
    headers: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """What callers are told of a dataset; `last_load` is an entry of the ledger."""

    dataset: Dataset
    columns: tuple[DatasetColumn, ...]
    count: RowCount
    last_load: RowMapping | None


@dataclass(frozen=True, slots=True)
class LoadDay:
    """The files loaded on one day, and the rows that they brought: inserted or updated."""

    day: date
    rows: int
    ingestions: int


def dataset_page(
    engine: Engine, after: str | None, limit: int
) -> tuple[list[DatasetDescription], str | None]:
    """At most `limit` datasets by name, from the one behind `after` on; and `after` for the next page.

    Raises `Unavailable`.
    """
    with transactions.short_transaction(engine) as connection:
        names = _names(connection, after or "", limit + 1)
        found = [catalog.find_dataset(connection, name) for name in names[:limit]]
        described = [_describe(connection, one) for one in found if one is not None]
    return described, names[limit - 1] if len(names) > limit else None


def describe_dataset(engine: Engine, name: str) -> DatasetDescription:
    """The dataset of that name; raises `NotFound` and `Unavailable`."""
    with transactions.short_transaction(engine) as connection:
        return _describe(connection, catalog.get_dataset(connection, name))


def dataset_changes(
    engine: Engine, name: str, before: int | None, limit: int
) -> tuple[Sequence[RowMapping], int | None]:
    """At most `limit` changes of the dataset's table, the newest first; and `before` for the next page."""
    with transactions.short_transaction(engine) as connection:
        found = datasets.schema_changes(connection, name, limit + 1, before)
    return found[:limit], found[limit - 1]["id"] if len(found) > limit else None


def loads_per_day(engine: Engine, name: str, days: int) -> list[LoadDay]:
    """What was loaded on each of the last `days` days, today in UTC the last one.

    Raises `NotFound` and `Unavailable`.
    """
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1)
    with transactions.short_transaction(engine) as connection:
        catalog.get_dataset(connection, name)
        since = datetime.combine(first, time(), UTC)
        found = {one.day: one for one in datasets.loads_by_day(connection, name, since)}
    every = [first + timedelta(days=place) for place in range(days)]
    return [
        LoadDay(day, found[day].rows, found[day].ingestions) if day in found else LoadDay(day, 0, 0)
        for day in every
    ]


def source_of_contract(engine: Engine, name: str) -> str:
    """The contract as a module of Python; raises `NotFound` and, but for a declared one, `Unavailable`."""
    if name in CONTRACTS:
        return inspect.getsource(inspect.getmodule(CONTRACTS[name]) or CONTRACTS[name])
    with transactions.short_transaction(engine) as connection:
        found = catalog.get_dataset(connection, name)
    return contract_source.contract_source(name, found.columns or (), found.contract.key)


def _names(connection: Connection, after: str, limit: int) -> list[str]:
    """The first names behind `after`, in the order of their bytes."""
    name = ledger_tables.datasets.c.name.collate("C")
    inferred = select(ledger_tables.datasets.c.name).where(
        ledger_tables.datasets.c.columns.is_not(None), name > after
    )
    found = set(connection.scalars(inferred.order_by(name).limit(limit)))
    return sorted(found.union(name for name in CONTRACTS if name > after))[:limit]


def _describe(connection: Connection, found: Dataset) -> DatasetDescription:
    return DatasetDescription(
        found,
        _columns(found),
        tables.count_rows(connection, dataset_table.sqlalchemy_table(found.contract)),
        datasets.last_load(connection, found.name),
    )


def _columns(found: Dataset) -> tuple[DatasetColumn, ...]:
    if found.columns is not None:
        return tuple(
            DatasetColumn(column.name, str(column.type.kind), column.nullable, column.headers, column.nulls)
            for column in found.columns
        )
    nulls = found.contract.null_spellings
    return tuple(
        DatasetColumn(field.name, field.column_type.name, field.nullable, nulls=nulls.get(field.name, ()))
        for field in dataset_table.contract_fields(found.contract)
    )
