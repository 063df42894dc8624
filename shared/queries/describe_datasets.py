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
from shared.ledger import datasets as ledger_datasets
from shared.ledger.tables import datasets


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """A column of a dataset; `headers` are its names in files, `nulls` are texts for missing values."""

    name: str
    type: str
    nullable: bool
    headers: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """A dataset with its columns, number of rows and last load, an entry of the ledger."""

    dataset: Dataset
    columns: tuple[DatasetColumn, ...]
    count: RowCount
    last_load: RowMapping | None


@dataclass(frozen=True, slots=True)
class LoadDay:
    """The number of files loaded on one day, and of rows that they inserted or updated."""

    day: date
    rows: int
    ingestions: int


def dataset_page(
    engine: Engine, after: str | None, limit: int
) -> tuple[list[DatasetDescription], str | None]:
    """At most `limit` datasets whose names come after `after`, by name; and `after` for the next page.

    Raises `Unavailable`.
    """
    with transactions.short_transaction(engine) as connection:
        names = _names(connection, after or "", limit + 1)
        page = [catalog.find_dataset(connection, name) for name in names[:limit]]
        described = [_describe(connection, dataset) for dataset in page if dataset is not None]
    return described, names[limit - 1] if len(names) > limit else None


def describe_dataset(engine: Engine, name: str) -> DatasetDescription:
    """The dataset `name`; raises `NotFound` and `Unavailable`."""
    with transactions.short_transaction(engine) as connection:
        return _describe(connection, catalog.get_dataset(connection, name))


def dataset_changes(
    engine: Engine, name: str, before: int | None, limit: int
) -> tuple[Sequence[RowMapping], int | None]:
    """At most `limit` changes of the dataset's table, newest first; and `before` for the next page."""
    with transactions.short_transaction(engine) as connection:
        changes = ledger_datasets.schema_changes(connection, name, limit + 1, before)
    return changes[:limit], changes[limit - 1]["id"] if len(changes) > limit else None


def loads_per_day(engine: Engine, name: str, days: int) -> list[LoadDay]:
    """The loads of each of the last `days` days in UTC, today last.

    Raises `NotFound` and `Unavailable`.
    """
    first = datetime.now(UTC).date() - timedelta(days=days - 1)
    with transactions.short_transaction(engine) as connection:
        catalog.get_dataset(connection, name)
        since = datetime.combine(first, time(), UTC)
        loads = {load.day: load for load in ledger_datasets.loads_by_day(connection, name, since)}
    return [
        LoadDay(day, loads[day].rows, loads[day].ingestions) if day in loads else LoadDay(day, 0, 0)
        for day in (first + timedelta(days=number) for number in range(days))
    ]


def source_of_contract(engine: Engine, name: str) -> str:
    """The contract as a Python module; raises `NotFound`, and `Unavailable` for an inferred dataset."""
    if name in CONTRACTS:
        return inspect.getsource(inspect.getmodule(CONTRACTS[name]) or CONTRACTS[name])
    with transactions.short_transaction(engine) as connection:
        dataset = catalog.get_dataset(connection, name)
    return contract_source.contract_source(name, dataset.columns or (), dataset.contract.key)


def _names(connection: Connection, after: str, limit: int) -> list[str]:
    """The first names after `after`, in the order of their bytes."""
    name = datasets.c.name.collate("C")
    query = select(datasets.c.name).where(datasets.c.columns.is_not(None), name > after)
    inferred = set(connection.scalars(query.order_by(name).limit(limit)))
    return sorted(inferred.union(name for name in CONTRACTS if name > after))[:limit]


def _describe(connection: Connection, dataset: Dataset) -> DatasetDescription:
    return DatasetDescription(
        dataset,
        _columns(dataset),
        tables.count_rows(connection, dataset_table.sqlalchemy_table(dataset.contract)),
        ledger_datasets.last_load(connection, dataset.name),
    )


def _columns(dataset: Dataset) -> tuple[DatasetColumn, ...]:
    if dataset.columns is not None:
        return tuple(
            DatasetColumn(column.name, str(column.type.kind), column.nullable, column.headers, column.nulls)
            for column in dataset.columns
        )
    nulls = dataset.contract.null_spellings
    return tuple(
        DatasetColumn(field.name, field.column_type.name, field.nullable, nulls=nulls.get(field.name, ()))
        for field in dataset_table.contract_fields(dataset.contract)
    )
