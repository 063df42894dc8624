"""Sets the key of an inferred dataset that has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg2.errors
from sqlalchemy import Connection, Engine

from shared import driver_errors
from shared.contracts import column_names
from shared.database.transactions import set_timeouts
from shared.datasets import alter_table, catalog, tables
from shared.datasets.catalog import Dataset
from shared.errors import Conflict, InvalidRequest
from shared.inference.widening import TEXT_TYPE
from shared.ledger import datasets, locks

_LOADS_LOCK_TIMEOUT_SECONDS = 8.0
_TABLE_LOCK_TIMEOUT_SECONDS = 3.0
"""Short, because every reader of the table waits behind a statement that waits for its lock."""


def set_key(engine: Engine, dataset_name: str, key: Sequence[str]) -> Dataset:
    """Make `key`, names of columns or of the files' headers, the primary key of the dataset's table.

    Rows of later files replace rows with the same key, as for declared datasets. Setting the same key again
    does nothing. Waits some seconds for loads of the dataset to end. Raises `NotFound`, `InvalidRequest` for
    names that are not columns, `Unavailable`, and `Conflict` if the dataset has another key or a declared
    contract, or if rows have no key or the same key: then `faults` has up to ten of these rows, each
    `{"ingestion_id", "load", "line", "detail"}`.
    """
    with driver_errors.translate_errors(), engine.begin() as connection:
        set_timeouts(connection, lock=_LOADS_LOCK_TIMEOUT_SECONDS)
        locks.acquire_schema(connection, dataset_name)
        known = catalog.get_dataset(connection, dataset_name)
        wanted = _columns_of(known, key)
        if set(known.contract.key) != set(wanted):
            _require_settable(known)
            locks.acquire_dataset(connection, dataset_name, exclusive=True)
            _create_key(connection, known, wanted)
        return catalog.find_dataset(connection, dataset_name) or known


def _columns_of(known: Dataset, key: Sequence[str]) -> tuple[str, ...]:
    by_variant = column_names.fields_by_name(known.contract)
    names = known.contract.model_fields
    found = [name if name in names else by_variant.get(column_names.normalize_name(name)) for name in key]
    unknown = [name for name, column in zip(key, found, strict=True) if column is None]
    columns = tuple(dict.fromkeys(column for column in found if column is not None))
    if unknown or not columns:
        problem = f"has no column {', '.join(map(repr, unknown))}" if unknown else "needs a key of columns"
        raise InvalidRequest(
            f"{known.name} {problem}. Its columns are {', '.join(names)}.",
            [{"column": name, "detail": "There is no such column."} for name in unknown],
        )
    return columns


def _require_settable(known: Dataset) -> None:
    key = f"({', '.join(known.contract.key)})"
    if known.is_declared:
        raise Conflict(f"{known.name} is declared by a contract with the key {key}. Change the key there.")
    if known.contract.key:
        raise Conflict(f"{known.name} already has the key {key}. A key cannot be changed.")


def _create_key(connection: Connection, known: Dataset, key: tuple[str, ...]) -> None:
    columns = known.columns or ()
    missing = tables.rows_without_key(connection, known.name, key)
    _check_violations(missing, key, "without a value", "The row lacks a value of")
    repeated = tables.duplicate_keys(connection, known.name, key)
    _check_violations(repeated, key, "with a key that occurs before", "An earlier row has the same value of")
    set_timeouts(connection, lock=_TABLE_LOCK_TIMEOUT_SECONDS)
    try:
        texts = [one.name for one in columns if one.name in key and one.type == TEXT_TYPE]
        alter_table.add_primary_key(connection, known.name, key, texts)
    except psycopg2.errors.ProgramLimitExceeded:
        raise Conflict(f"A value of ({', '.join(key)}) is too long for a key.") from None
    except alter_table.AlterBlocked as exc:
        raise Conflict(
            f"The key cannot be created because another object depends on the table: {exc}. "
            "Drop that object and create it again afterwards."
        ) from None
    after = [replace(one, nullable=one.nullable and one.name not in key) for one in columns]
    datasets.write_dataset(connection, known.name, after, key)
    datasets.record_changes(connection, known.name, [{"change": "key set", "key": list(key)}])


def _check_violations(
    violations: tables.KeyViolations, key: Sequence[str], problem: str, detail: str
) -> None:
    if violations.count:
        columns, rows = f"({', '.join(key)})", "row" if violations.count == 1 else "rows"
        raise Conflict(
            f"{columns} cannot be the key: {violations.count} {rows} {problem}. "
            "See errors for the first ones.",
            violations.as_faults(f"{detail} {columns}."),
        )
