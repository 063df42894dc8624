"""Prepares the table of an inferred dataset for a file.

If the dataset has no table, the first file with rows creates it. If the file has new columns, lacks columns
or has values that do not fit, the table evolves: columns are added, made nullable or widened, and never
dropped or narrowed. The file is refused if its dataset name is invalid or taken by another object, if it has
another key or would change existing keys, or if its rows are too large for the table.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg2.errors
from sqlalchemy import Connection, Engine

from shared.database.transactions import set_timeouts
from shared.datasets import alter_table, catalog, tables
from shared.datasets.catalog import Dataset
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict, FileRefused, LoadFailed
from shared.formats.overrides import Overrides
from shared.inference import column_matching, table_columns
from shared.inference.contract_builder import build_contract
from shared.inference.infer_file import FileInference, InferredFile
from shared.inference.table_columns import TableColumn
from shared.ledger import datasets, locks, versions

_DATASET_LOCK_TIMEOUT_SECONDS = 10.0
"""While a change waits for running loads, later loads wait behind it. So it gives up and is retried."""
_TABLE_LOCK_TIMEOUT_SECONDS = 3.0
"""While a change waits for long queries of the table, later queries wait behind it."""


def find_or_check_name(connection: Connection, name: str) -> Dataset | None:
    """The dataset, or `None` if it can be created; raises `FileRefused` if the name is invalid or taken."""
    if not catalog.is_valid_dataset_name(name):
        raise FileRefused("bad_dataset_name", {"name": name})
    # First, so that a dataset that is created in between is found and does not look like another object.
    is_taken = tables.name_is_taken(connection, name)
    dataset = catalog.find_dataset(connection, name)
    if is_taken and dataset is None:
        raise FileRefused("name_taken", {"name": name})
    return dataset


def start_inference(
    dataset: Dataset | None,
    content: Iterable[bytes],
    overrides: Overrides,
    key: tuple[str, ...],
    size: int,
) -> FileInference:
    """Read the header of a file of `size` bytes for `dataset`, or for the first file of a new one.

    `key` is the key that the sender wants, empty if none. Raises `FileRefused` if the dataset has another
    key, or if the file lacks a column of the key.
    """
    if dataset is None:
        return FileInference(content, overrides, (), key, size)
    inference = FileInference(content, overrides, dataset.columns or (), dataset.contract.key, size)
    if key:
        _check_same_key(dataset, inference, key)
    return inference


def _check_same_key(dataset: Dataset, inference: FileInference, key: tuple[str, ...]) -> None:
    header = inference.reader.header
    columns = [name or "" for name in header.fields]
    positions = column_matching.column_positions(key, column_matching.header_names(header), columns)
    existing_key = dataset.contract.key
    if {None if position is None else columns[position] for position in positions} == set(existing_key):
        return
    if existing_key:
        raise FileRefused("key_differs", asked=list(key), key=list(existing_key))
    raise FileRefused("key_differs.no_key", {"dataset": dataset.name}, asked=list(key), key=[])


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A dataset whose table fits the file `inferred`, as long as the dataset's lock is held."""

    dataset: Dataset
    inferred: InferredFile

    @property
    def fields(self) -> tuple[str | None, ...]:
        """The table's column for each column of the file; `None` for a column that the table lacks."""
        fields = self.dataset.contract.model_fields
        return tuple(name if name in fields else None for name in self.inferred.header.fields)


def prepare_table(
    connection: Connection, name: str, inferred: InferredFile, ingestion_id: uuid.UUID, *, exclusive: bool
) -> PreparedTable:
    """Create or evolve the table of dataset `name` for a file, then take the dataset's lock for its load.

    Raises `FileRefused`, and `ConcurrencyConflict` if the inference has to be repeated.
    """
    fit_table(connection.engine, name, inferred, ingestion_id)
    dataset = lock_dataset(connection, name, exclusive=exclusive)
    check_unchanged(dataset, inferred)
    return PreparedTable(dataset, inferred)


def lock_dataset(connection: Connection, name: str, *, exclusive: bool) -> Dataset:
    """Take the lock of a dataset and find it; raises `ConcurrencyConflict` if it was removed meanwhile."""
    locks.acquire_dataset(connection, name, exclusive=exclusive)
    dataset = catalog.find_dataset(connection, name)
    if dataset is None:
        raise ConcurrencyConflict(POSTGRES, "the dataset was removed at the same time")
    return dataset


def fit_table(engine: Engine, name: str, inferred: InferredFile, ingestion_id: uuid.UUID) -> None:
    """Create or evolve the table of dataset `name` so that the file `inferred` fits.

    Table and ledger change in one short transaction, while no load of the dataset runs; the caller must not
    hold the dataset's lock. The table may have changed since inference, so its changes are computed again.
    Raises `FileRefused`, and `ConcurrencyConflict` if the inference has to be repeated.
    """
    with engine.connect() as connection, connection.begin():
        dataset = catalog.find_dataset(connection, name)
        if dataset is not None:
            check_unchanged(dataset, inferred)
            if evolved_columns(dataset, inferred) == dataset.columns:
                return
    with engine.begin() as connection:
        locks.acquire_schema(connection, name)
        dataset = catalog.find_dataset(connection, name)
        if dataset is None:
            _create_table(connection, name, inferred, ingestion_id)
        else:
            _evolve_table(connection, dataset, inferred, ingestion_id)


def evolved_columns(dataset: Dataset | None, inferred: InferredFile) -> tuple[TableColumn, ...]:
    """The columns of the table after the file; a file without rows does not change an existing table.

    Raises `FileRefused` if the table cannot have these columns.
    """
    if dataset is None:
        if not inferred.accepted:
            raise FileRefused("no_rows")
        return table_columns.new_table_columns(inferred.columns, inferred.key)
    before = dataset.columns or ()
    if not inferred.accepted:
        return before
    after = table_columns.evolve_columns(before, inferred.columns, dataset.contract.key)
    if len(after) > max(column_matching.MAX_COLUMNS, len(before)):
        raise FileRefused("too_many_columns", {"count": len(after), "most": column_matching.MAX_COLUMNS})
    return after


def check_unchanged(dataset: Dataset, inferred: InferredFile) -> None:
    """Raise `ConcurrencyConflict` if the dataset changed so that `inferred` does not apply to it."""
    is_same = column_matching.is_same_mapping(inferred.header, dataset.columns or ())
    if set(dataset.contract.key) != set(inferred.key) or (inferred.accepted and not is_same):
        raise ConcurrencyConflict(POSTGRES, "the dataset was changed at the same time")


def _create_table(connection: Connection, name: str, inferred: InferredFile, ingestion_id: uuid.UUID) -> None:
    columns = evolved_columns(None, inferred)
    if tables.name_is_taken(connection, name):
        raise FileRefused("name_taken", {"name": name})
    set_timeouts(connection, lock=_TABLE_LOCK_TIMEOUT_SECONDS)
    tables.create_table(connection, build_contract(name, columns, inferred.key))
    # rows of earlier loads were dropped with their table
    versions.replace_all(connection, name, ingestion_id)
    datasets.write_dataset(connection, name, columns, inferred.key)
    types = {column.name: str(column.type) for column in columns}
    created = {"change": "created", "columns": types, "key": list(inferred.key)}
    datasets.record_changes(connection, name, [created], ingestion_id)


def _evolve_table(
    connection: Connection, dataset: Dataset, inferred: InferredFile, ingestion_id: uuid.UUID
) -> None:
    check_unchanged(dataset, inferred)
    before, after = dataset.columns or (), evolved_columns(dataset, inferred)
    if after == before:
        return
    changes = alter_table.column_changes(before, after)
    if changes:
        set_timeouts(connection, lock=_DATASET_LOCK_TIMEOUT_SECONDS)
        locks.acquire_dataset(connection, dataset.name, exclusive=True)
        set_timeouts(connection, lock=_TABLE_LOCK_TIMEOUT_SECONDS)
        _alter_table(connection, dataset, changes)
    datasets.write_dataset(connection, dataset.name, after, dataset.contract.key)
    datasets.record_changes(connection, dataset.name, [each.as_json() for each in changes], ingestion_id)


def _alter_table(connection: Connection, dataset: Dataset, changes: list[alter_table.Change]) -> None:
    tables.check_table_schema(connection, dataset.contract, is_declared=False)
    added = [change.after.name for change in changes if change.before is None]
    tables.check_new_columns(connection, dataset.name, added)
    try:
        alter_table.alter_table(connection, dataset.name, changes, dataset.contract.key)
    except alter_table.AlterBlocked as exc:
        raise LoadFailed(
            f"The table {dataset.name} has to change for this file, but another object depends on it: {exc}. "
            "Drop that object, send the file again, and create the object again afterwards."
        ) from None
    except psycopg2.errors.ProgramLimitExceeded:
        raise FileRefused("row_too_large.columns") from None
