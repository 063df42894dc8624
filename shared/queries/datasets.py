"""The use case of looking at datasets: what columns, rows and loads each has, and its contract as source."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, RowMapping, select

from shared.contracts import dataset, type_names
from shared.contracts.registry import CONTRACTS
from shared.database import brief
from shared.datasets import catalog, counting
from shared.datasets.catalog import Dataset
from shared.datasets.counting import RowCount
from shared.errors import NotFound
from shared.inference import source
from shared.ledger import history
from shared.ledger.ingest import datasets


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a dataset; `headers` are the files' own names of it, `nulls` stand for missing values."""

    name: str
    type: str
    nullable: bool
    headers: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """What callers are told of a dataset; `last_load` is an entry of the ledger."""

    dataset: Dataset
    columns: tuple[Column, ...]
    count: RowCount
    last_load: RowMapping | None


@dataclass(frozen=True, slots=True)
class Day:
    """The files loaded on one day, and the rows that they brought: inserted or updated."""

    day: date
    rows: int
    ingestions: int


def page(engine: Engine, after: str | None, limit: int) -> tuple[list[Description], str | None]:
    """At most `limit` datasets by name, from the one behind `after` on; and `after` for the next page.

    Raises `Unavailable`.
    """
    with brief.connect(engine) as connection:
        names = _names(connection, after or "", limit + 1)
        found = [catalog.find(connection, name) for name in names[:limit]]
        described = [_describe(connection, one) for one in found if one is not None]
    return described, names[limit - 1] if len(names) > limit else None


def describe(engine: Engine, name: str) -> Description:
    """The dataset of that name; raises `NotFound` and `Unavailable`."""
    with brief.connect(engine) as connection:
        return _describe(connection, _find(connection, name))


def changes(
    engine: Engine, name: str, before: int | None, limit: int
) -> tuple[Sequence[RowMapping], int | None]:
    """At most `limit` changes of the dataset's table, the newest first; and `before` for the next page."""
    with brief.connect(engine) as connection:
        found = history.changes(connection, name, limit + 1, before)
    return found[:limit], found[limit - 1]["id"] if len(found) > limit else None


def loads(engine: Engine, name: str, days: int) -> list[Day]:
    """What was loaded on each of the last `days` days, today in UTC the last one.

    Raises `NotFound` and `Unavailable`.
    """
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1)
    with brief.connect(engine) as connection:
        _find(connection, name)
        since = datetime.combine(first, time(), UTC)
        found = {one.day: one for one in history.loads_by_day(connection, name, since)}
    every = [first + timedelta(days=place) for place in range(days)]
    return [
        Day(day, found[day].rows, found[day].ingestions) if day in found else Day(day, 0, 0) for day in every
    ]


def contract_source(engine: Engine, name: str) -> str:
    """The contract as a module of Python; raises `NotFound` and, but for a declared one, `Unavailable`."""
    if name in CONTRACTS:
        return inspect.getsource(inspect.getmodule(CONTRACTS[name]) or CONTRACTS[name])
    with brief.connect(engine) as connection:
        found = _find(connection, name)
    return source.source(name, found.columns or (), found.contract.key)


def _names(connection: Connection, after: str, limit: int) -> list[str]:
    """The first names behind `after`, in the order of their bytes."""
    name = datasets.c.name.collate("C")
    inferred = select(datasets.c.name).where(datasets.c.columns.is_not(None), name > after)
    found = set(connection.scalars(inferred.order_by(name).limit(limit)))
    return sorted(found.union(name for name in CONTRACTS if name > after))[:limit]


def _find(connection: Connection, name: str) -> Dataset:
    found = catalog.find(connection, name)
    if found is None:
        raise NotFound(f"There is no dataset {name!r}; GET /api/datasets lists those there are.")
    return found


def _describe(connection: Connection, found: Dataset) -> Description:
    return Description(
        found,
        _columns(found),
        counting.count(connection, dataset.table(found.contract)),
        history.last_load(connection, found.name),
    )


def _columns(found: Dataset) -> tuple[Column, ...]:
    if found.columns is not None:
        return tuple(
            Column(column.name, str(column.type.kind), column.nullable, column.headers, column.nulls)
            for column in found.columns
        )
    nulls = found.contract.null_spellings
    return tuple(
        Column(field.name, type_names.of(field), field.nullable, nulls=nulls.get(field.name, ()))
        for field in dataset.fields(found.contract)
    )
