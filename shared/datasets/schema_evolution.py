"""Prepares the table of an inferred dataset for a file: creates or evolves it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg2.errors
from sqlalchemy import Connection, Engine

from shared.database.sql_fragments import set_timeouts
from shared.datasets import alter_table, catalog, tables
from shared.datasets.catalog import Dataset
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict, FileRefused, LoadFailed
from shared.formats.overrides import Overrides
from shared.inference import column_matching, table_columns
from shared.inference.contract_builder import build_contract
from shared.inference.infer_file import FileInference, InferredFile
from shared.ledger import datasets, locks, versions
from shared.storage import upload_options
from shared.storage.blobs import Upload
from shared.storage.content import Content

_DATASET_LOCK_TIMEOUT_SECONDS = 10.0
"""A change that waits for loads to end keeps later ones waiting behind it: it is tried again instead."""
_TABLE_LOCK_TIMEOUT_SECONDS = 3.0
"""Whoever wants to read the table waits behind us, and we behind whoever reads it for long."""


def find_or_check_name(connection: Connection, name: str) -> Dataset | None:
    """The dataset, `None` where it may be made; raises `FileRefused` where its name is bad or taken."""
    if not catalog.is_valid_dataset_name(name):
        raise FileRefused(
            "bad_dataset_name",
            f"No dataset can be called {name!r}: a name has lower case letters, digits and underscores, "
            "begins with a letter, is at most 48 characters long, and does not end with _pkey or _load_line, "
            "as names of indexes do.",
        )
    is_taken = tables.name_is_taken(
        connection, name
    )  # asked first: who makes it now would seem to have taken it
    found = catalog.find_dataset(connection, name)
    if is_taken and found is None:
        raise _taken(name)
    return found


def fit_table(engine: Engine, name: str, found: InferredFile, ingestion_id: uuid.UUID) -> None:
    """Make or change the table of dataset `name` so that the file fits of which `found` was found.

    In a short transaction of its own, with the record of it, while no load of the dataset is at work; the
    caller takes part in none. Others may have changed the table since the look at the file: what it needs now
    is told anew. Raises `FileRefused`, and `Contended` where the file has to be looked at once more.
    """
    with engine.connect() as connection, connection.begin():
        if _already_fits(catalog.find_dataset(connection, name), found):
            return
    with engine.begin() as short:
        locks.acquire_schema(short, name)
        known = catalog.find_dataset(short, name)
        if known is None:
            _create_table(short, name, found, ingestion_id)
        else:
            _evolve_table(short, known, found, ingestion_id)


def evolved_columns(known: Dataset | None, found: InferredFile) -> tuple[table_columns.TableColumn, ...]:
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
        return table_columns.new_table_columns(found.columns, found.key)
    columns = known.columns or ()
    after = (
        table_columns.evolve_columns(columns, found.columns, known.contract.key)
        if found.accepted
        else columns
    )
    if len(after) > max(column_matching.MAX_COLUMNS, len(columns)):
        raise FileRefused(
            "too_many_columns",
            f"With this file's columns the table would have {len(after)}, and a table has room for "
            f"{column_matching.MAX_COLUMNS}.",
        )
    return after


def check_unchanged(known: Dataset, found: InferredFile) -> None:
    """Raises `Contended` where the dataset is not as it was, so that `found` says too little of the file."""
    is_same = column_matching.is_same_mapping(found.header, known.columns or ())
    if set(known.contract.key) != set(found.key) or (found.accepted and not is_same):
        raise ConcurrencyConflict(POSTGRES, "the dataset was changed at this moment")


def _already_fits(known: Dataset | None, found: InferredFile) -> bool:
    if known is None:
        return False
    check_unchanged(known, found)
    return evolved_columns(known, found) == known.columns


def _create_table(short: Connection, name: str, found: InferredFile, ingestion_id: uuid.UUID) -> None:
    columns = evolved_columns(None, found)
    if tables.name_is_taken(short, name):
        raise _taken(name)
    set_timeouts(short, lock=_TABLE_LOCK_TIMEOUT_SECONDS)
    tables.create_table(short, build_contract(name, columns, found.key))
    versions.replace_all(short, name, ingestion_id)  # what was loaded before went with the table it was in
    datasets.write_dataset(short, name, columns, found.key)
    described = {column.name: str(column.type) for column in columns}
    created = {"change": "created", "columns": described, "key": list(found.key)}
    datasets.record_changes(short, name, [created], ingestion_id)


def _evolve_table(short: Connection, known: Dataset, found: InferredFile, ingestion_id: uuid.UUID) -> None:
    check_unchanged(known, found)
    before, after, key = known.columns or (), evolved_columns(known, found), known.contract.key
    if after == before:
        return
    wanted = alter_table.column_changes(before, after)
    if wanted:
        set_timeouts(short, lock=_DATASET_LOCK_TIMEOUT_SECONDS)
        locks.acquire_dataset(short, known.name, exclusive=True)
        set_timeouts(short, lock=_TABLE_LOCK_TIMEOUT_SECONDS)
        _alter(short, known, wanted)
    datasets.write_dataset(short, known.name, after, key)
    datasets.record_changes(short, known.name, [change.as_json() for change in wanted], ingestion_id)


def _alter(short: Connection, known: Dataset, wanted: list[alter_table.Change]) -> None:
    tables.check_table_schema(short, known.contract, is_declared=False)
    tables.check_new_columns(short, known.name, [one.after.name for one in wanted if one.before is None])
    try:
        alter_table.alter_table(short, known.name, wanted, known.contract.key)
    except alter_table.AlterBlocked as exc:
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


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A dataset whose table takes the file of which `found` was found, while the load's lock holds."""

    dataset: Dataset
    found: InferredFile

    @property
    def fields(self) -> tuple[str | None, ...]:
        """For each column of the file the table's, `None` for one that no row gave a type."""
        known = self.dataset.contract.model_fields
        return tuple(name if name in known else None for name in self.found.header.fields)


def start_inference(
    connection: Connection, upload: Upload, name: str, content: Content, overrides: Overrides
) -> FileInference:
    """Read the header of a file for dataset `name`, beside what its table has, if there is one.

    Raises `FileRefused` where it asks for another key, or lacks a column of the key.
    """
    known = find_or_check_name(connection, name)
    return infer_against(
        known, content, overrides, upload_options.requested_key(upload.metadata), upload.size
    )


def infer_against(
    known: Dataset | None, content: Iterable[bytes], overrides: Overrides, asked: tuple[str, ...], size: int
) -> FileInference:
    """The same beside a dataset that is `known`, or for the first file of one, which has `size` bytes."""
    key = asked if known is None else known.contract.key
    look = FileInference(content, overrides, (known.columns or ()) if known else (), key, size)
    if known is not None:
        _require_same_key(known, look, asked)
    return look


def prepare_table(
    connection: Connection, upload: Upload, name: str, found: InferredFile, *, exclusive: bool
) -> PreparedTable:
    """Fit the table to the file, and take part in the loads of the dataset from then on.

    Raises `FileRefused`, and `Contended` where the file has to be looked at once more.
    """
    fit_table(connection.engine, name, found, upload.version.ingestion_id)
    locks.acquire_dataset(connection, name, exclusive=exclusive)
    known = catalog.find_dataset(connection, name)
    if known is None:
        raise ConcurrencyConflict(POSTGRES, "the dataset went away at this moment")
    check_unchanged(known, found)
    return PreparedTable(known, found)


def _require_same_key(known: Dataset, look: FileInference, asked: tuple[str, ...]) -> None:
    if not asked:
        return
    header = look.reading.header
    columns = [name or "" for name in header.fields]
    places = column_matching.column_positions(asked, column_matching.header_names(header), columns)
    if {place if place is None else columns[place] for place in places} == set(known.contract.key):
        return
    if known.contract.key:
        raise upload_options.key_mismatch(
            known.contract, asked, "A key is set once: send the file without one"
        )
    raise upload_options.key_mismatch(
        known.contract,
        asked,
        f'Set it with PUT /api/datasets/{known.name} {{"key": [...]}}, then send the file',
    )
