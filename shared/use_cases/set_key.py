"""Sets the key of an inferred dataset that has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import psycopg2.errors
from sqlalchemy import Connection, Engine, text

from shared import driver_errors
from shared.contracts import column_names
from shared.datasets import alter_table, catalog
from shared.datasets.catalog import Dataset
from shared.errors import Conflict, InvalidRequest
from shared.inference.widening import TEXT_TYPE
from shared.ledger import datasets, locks

_PATIENCE = text("set local lock_timeout = '8s'")
_SOON = text("set local lock_timeout = '3s'")
"""Whoever wants to read the table waits behind us, and we behind whoever reads it for long."""


def set_key(engine: Engine, dataset_name: str, key: Sequence[str]) -> Dataset:
    """Make `key`, names of columns or of the files' headers, the primary key of the dataset's table.

    Rows of later files replace those that have their key, as for declared datasets. The same key again does
    nothing. Waits some seconds for loads of the dataset to end. Raises `NotFound` without such a dataset,
    `InvalidRequest` for names that it has no columns for, `Unavailable`, and `Conflict` where it has another
    key, a contract declares it, or rows have no key or the same one: then `faults` has up to ten of them,
    each `{"ingestion_id", "load", "line", "detail"}`.
    """
    with driver_errors.translate_errors(), engine.begin() as connection:
        connection.execute(_PATIENCE)
        locks.acquire_schema(connection, dataset_name)
        known = catalog.get_dataset(connection, dataset_name)
        wanted = _columns_of(known, key)
        if set(known.contract.key) != set(wanted):
            _require_settable(known)
            locks.acquire_dataset(connection, dataset_name, exclusive=True)
            _set(connection, known, wanted)
        return catalog.find_dataset(connection, dataset_name) or known


def _columns_of(known: Dataset, key: Sequence[str]) -> tuple[str, ...]:
    by_spelling = column_names.fields_by_name(known.contract)
    names = known.contract.model_fields
    found = [name if name in names else by_spelling.get(column_names.normalize_name(name)) for name in key]
    unknown = [name for name, column in zip(key, found, strict=True) if column is None]
    columns = tuple(dict.fromkeys(column for column in found if column is not None))
    if unknown or not columns:
        problem = f"no column {', '.join(map(repr, unknown))}" if unknown else "no key without columns"
        raise InvalidRequest(
            f"There is {problem}: those of {known.name} are {', '.join(names)}.",
            [{"column": name, "detail": "There is no such column."} for name in unknown],
        )
    return columns


def _require_settable(known: Dataset) -> None:
    key = f"({', '.join(known.contract.key)})"
    if known.is_declared:
        raise Conflict(f"{known.name} is declared by a contract, and its key {key} with it; change it there.")
    if known.contract.key:
        raise Conflict(f"{known.name} has the key {key}. A key is set once, since rows were replaced by it.")


def _set(connection: Connection, known: Dataset, key: tuple[str, ...]) -> None:
    columns = known.columns or ()
    _require_no_rows(alter_table.rows_without_key(connection, known.name, key), key, "lack a value of")
    _require_no_rows(alter_table.duplicate_keys(connection, known.name, key), key, "repeat")
    connection.execute(_SOON)
    try:
        texts = [one.name for one in columns if one.name in key and one.type == TEXT_TYPE]
        alter_table.add_primary_key(connection, known.name, key, texts)
    except psycopg2.errors.ProgramLimitExceeded:
        raise Conflict(f"A value of ({', '.join(key)}) is too long for a key.") from None
    except alter_table.AlterBlocked as exc:
        raise Conflict(
            f"Something is in the way of the key: {exc}. Drop it, and make it anew after."
        ) from None
    after = [replace(one, nullable=one.nullable and one.name not in key) for one in columns]
    datasets.write_dataset(connection, known.name, after, key)
    datasets.record_changes(connection, known.name, [{"change": "key set", "key": list(key)}])


def _require_no_rows(found: alter_table.KeyViolations, key: Sequence[str], what: str) -> None:
    if found.count:
        named = f"({', '.join(key)})"
        raise Conflict(
            f"{found.count} rows {what} {named}, so it cannot be the key; the first of them are in errors.",
            found.as_faults(f"The row {what.replace('lack', 'lacks').replace('repeat', 'repeats')} {named}."),
        )
