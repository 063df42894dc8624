"""The use case of fitting a dataset's table to a file: made for its first one, grown for a later one."""

from __future__ import annotations

import uuid

import psycopg2.errors
from sqlalchemy import Connection, Engine, text

from shared.datasets import altering, catalog, changes, making, standing
from shared.datasets.catalog import Dataset
from shared.errors import Contended, FileRefused, LoadFailed
from shared.faults import POSTGRES
from shared.inference import naming
from shared.inference import table as tables
from shared.inference.contract import contract_of
from shared.inference.inferred import Found
from shared.ledger import datasets, locks, versions

_PATIENCE = text("set local lock_timeout = '10s'")
"""A change that waits for loads to end keeps later ones waiting behind it: it is tried again instead."""
_SOON = text("set local lock_timeout = '3s'")
"""Whoever wants to read the table waits behind us, and we behind whoever reads it for long."""


def find(connection: Connection, name: str) -> Dataset | None:
    """The dataset, `None` where it may be made; raises `FileRefused` where its name is bad or taken."""
    if not catalog.can_be_named(name):
        raise FileRefused(
            "bad_dataset_name",
            f"No dataset can be called {name!r}: a name has lower case letters, digits and underscores, "
            "begins with a letter, is at most 48 characters long, and does not end with _pkey or _load_line, "
            "as names of indexes do.",
        )
    is_taken = making.is_taken(connection, name)  # asked first: who makes it now would seem to have taken it
    found = catalog.find(connection, name)
    if is_taken and found is None:
        raise _taken(name)
    return found


def fit(engine: Engine, name: str, found: Found, ingestion_id: uuid.UUID) -> None:
    """Make or change the table of dataset `name` so that the file fits of which `found` was found.

    In a short transaction of its own, with the record of it, while no load of the dataset is at work; the
    caller takes part in none. Others may have changed the table since the look at the file: what it needs now
    is told anew. Raises `FileRefused`, and `Contended` where the file has to be looked at once more.
    """
    with engine.connect() as connection, connection.begin():
        if _fits(catalog.find(connection, name), found):
            return
    with engine.begin() as short:
        locks.acquire_growth(short, name)
        known = catalog.find(short, name)
        if known is None:
            _make(short, name, found, ingestion_id)
        else:
            _grow(short, known, found, ingestion_id)


def columns_after(known: Dataset | None, found: Found) -> tuple[tables.TableColumn, ...]:
    """The table's columns once it fits the file; those of a later file without rows are not counted.

    Raises `FileRefused` where there can be no such table.
    """
    if known is None:
        if not found.accepted:
            raise FileRefused(
                "no_rows",
                "The file has no rows that could be loaded, so nothing tells the types of its columns. The "
                "first file with rows makes the dataset's table.",
            )
        return tables.made(found.columns, found.key)
    columns = known.columns or ()
    after = tables.grown(columns, found.columns, known.contract.key) if found.accepted else columns
    if len(after) > max(naming.MOST_COLUMNS, len(columns)):
        raise FileRefused(
            "too_many_columns",
            f"With this file's columns the table would have {len(after)}, and a table has room for "
            f"{naming.MOST_COLUMNS}.",
        )
    return after


def require_same(known: Dataset, found: Found) -> None:
    """Raises `Contended` where the dataset is not as it was, so that `found` says too little of the file."""
    is_same = naming.is_same(found.header, known.columns or ())
    if set(known.contract.key) != set(found.key) or (found.accepted and not is_same):
        raise Contended(POSTGRES, "the dataset was changed at this moment")


def _fits(known: Dataset | None, found: Found) -> bool:
    if known is None:
        return False
    require_same(known, found)
    return columns_after(known, found) == known.columns


def _make(short: Connection, name: str, found: Found, ingestion_id: uuid.UUID) -> None:
    columns = columns_after(None, found)
    if making.is_taken(short, name):
        raise _taken(name)
    short.execute(_SOON)
    making.make(short, contract_of(name, columns, found.key))
    versions.replace_all(short, name, ingestion_id)  # what was loaded before went with the table it was in
    datasets.write(short, name, columns, found.key)
    described = {column.name: str(column.type) for column in columns}
    created = {"change": "created", "columns": described, "key": list(found.key)}
    datasets.record(short, name, [created], ingestion_id)


def _grow(short: Connection, known: Dataset, found: Found, ingestion_id: uuid.UUID) -> None:
    require_same(known, found)
    before, after, key = known.columns or (), columns_after(known, found), known.contract.key
    if after == before:
        return
    wanted = changes.changes(before, after)
    if wanted:
        short.execute(_PATIENCE)
        locks.acquire_dataset(short, known.name, alone=True)
        short.execute(_SOON)
        _alter(short, known, wanted)
    datasets.write(short, known.name, after, key)
    datasets.record(short, known.name, [change.as_json() for change in wanted], ingestion_id)


def _alter(short: Connection, known: Dataset, wanted: list[changes.Change]) -> None:
    standing.require_same(short, known.contract, is_declared=False)
    standing.require_room(short, known.name, [one.after.name for one in wanted if one.before is None])
    try:
        altering.alter(short, known.name, wanted, known.contract.key)
    except altering.Blocked as exc:
        raise LoadFailed(
            f"table {known.name} has to change for this file, and something depends on it: {exc}. Drop that, "
            "send the file once more, and make it anew"
        ) from None
    except psycopg2.errors.ProgramLimitExceeded:
        raise FileRefused(
            "row_too_large", "With the columns of this file, rows of the table would be too large for a page."
        ) from None


def _taken(name: str) -> FileRefused:
    return FileRefused(
        "name_taken",
        f"The database has a table or another object {name!r} that was not made from files. Load the file "
        "under another dataset's name, or declare a contract for the table.",
    )
