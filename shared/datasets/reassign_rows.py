"""Deletes the rows of a load, or reassigns them to another load of the same bytes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, text, update

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LOAD_COLUMN
from shared.datasets import catalog
from shared.errors import LoadFailed
from shared.ledger import entries, locks, versions
from shared.ledger.tables import State


def reassign_rows(
    connection: Connection, contract: type[Contract], new_owners: Mapping[int, int | None]
) -> int:
    """Reassign the rows of each load in `new_owners` to the load that it maps to; delete them for `None`.

    Loads are serial numbers. Returns the number of rows.
    """
    table = dataset_table.sqlalchemy_table(contract)
    load = table.c[LOAD_COLUMN]
    count = 0
    for serial, new_owner in new_owners.items():
        statement = delete(table) if new_owner is None else update(table).values({load: new_owner})
        count += connection.execute(statement.where(load == serial)).rowcount
    return count


_CONTENT = text(locks.ACQUIRE_CONTENT)
_END_LOADED = text("""
    update ingest.ingestions set state = :state, replaying = null
    where id = :id and state = 'loaded' and replaced_by is null""")


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """Number of rows that the load had, and the serial number of their new owner; `None` if deleted."""

    rows: int
    new_owner: int | None


def remove_load_rows(connection: Connection, ingestion_id: uuid.UUID, state: State) -> RemovedRows | None:
    """Remove the rows of a `loaded` entry and change its state to `state`; the caller holds its lock.

    The oldest duplicate of the entry becomes the owner of the rows, because another blob contains them too.
    Returns `None` if the entry is not loaded any more: the holder of an archive's lock can undo or replace
    its members. Raises `LoadFailed` if the dataset does not exist any more.
    """
    entry = entries.find_entry(connection, ingestion_id)
    known = catalog.find_dataset(connection, entry["dataset"]) if entry else None
    if entry is None or known is None:
        raise LoadFailed("the table of the earlier rows, or its contract, does not exist any more")
    connection.execute(_CONTENT, {"dataset": known.name, "sha256": entry["sha256"]})
    if not connection.execute(_END_LOADED, {"id": ingestion_id, "state": state}).rowcount:
        return None
    new_owner = versions.promote(connection, ingestion_id)
    count = reassign_rows(connection, known.contract, {entry["serial"]: new_owner})
    # Concurrent loads that left rows unchanged then check whether these rows still exist.
    locks.next_commit_number(connection, known.name)
    return RemovedRows(count, new_owner)
