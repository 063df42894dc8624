"""Removes the rows of a load, or reassigns them to a load of the same bytes."""

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
    """Make the rows of each load in `heirs` rows of the load it is mapped to; with `None`, delete them.

    Returns how many there were.
    """
    table = dataset_table.sqlalchemy_table(contract)
    load = table.c[LOAD_COLUMN]
    count = 0
    for serial, new_owner in new_owners.items():
        change = delete(table) if new_owner is None else update(table).values({load: new_owner})
        count += connection.execute(change.where(load == serial)).rowcount
    return count


_CONTENT = text(locks.ACQUIRE_CONTENT)
_LEAVE = text("""
    update ingest.ingestions set state = :state, replaying = null
    where id = :id and state = 'loaded' and replaced_by is null""")


@dataclass(frozen=True, slots=True)
class RemovedRows:
    """How many rows the load still had, and the serial of the one whose they are now, if there is one."""

    rows: int
    new_owner: int | None


def remove_load_rows(connection: Connection, ingestion_id: uuid.UUID, state: State) -> RemovedRows | None:
    """Take the rows of an entry that is `loaded`, which is `state` from then on, by the holder of its lock.

    The oldest duplicate of it becomes the load in its place, as when a blob is replaced: another blob holds
    those rows too. `None` where it has none any more: whoever holds the lock of an archive can undo or
    replace what is in it. Raises `LoadFailed` where its dataset is gone.
    """
    entry = entries.find_entry(connection, ingestion_id)
    known = catalog.find_dataset(connection, entry["dataset"]) if entry else None
    if entry is None or known is None:
        raise LoadFailed("the table of the rows that were loaded before is gone, or its contract")
    connection.execute(_CONTENT, {"dataset": known.name, "sha256": entry["sha256"]})
    if not connection.execute(_LEAVE, {"id": ingestion_id, "state": state}).rowcount:
        return None
    new_owner = versions.promote(connection, ingestion_id)
    count = reassign_rows(connection, known.contract, {entry["serial"]: new_owner})
    # Loads that left a row as it was look again whether it is still there.
    locks.next_commit_number(connection, known.name)
    return RemovedRows(count, new_owner)
