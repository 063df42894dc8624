"""Takes a load's rows away from it: to whoever still holds the same bytes, or out of the table."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, text

from shared.datasets import catalog
from shared.errors import LoadFailed
from shared.ledger import commits, ingestions, locks, versions
from shared.ledger.state import State
from shared.queries import load_rows

_CONTENT = text(locks.ACQUIRE_CONTENT)
_LEAVE = text("""
    update ingest.ingestions set state = :state, replaying = null
    where id = :id and state = 'loaded' and replaced_by is null""")


@dataclass(frozen=True, slots=True)
class Released:
    """How many rows the load still had, and the serial of the one whose they are now, if there is one."""

    rows: int
    heir: int | None


def release(connection: Connection, ingestion_id: uuid.UUID, state: State) -> Released | None:
    """Take the rows of an entry that is `loaded`, which is `state` from then on, by the holder of its lock.

    The oldest duplicate of it becomes the load in its place, as when a blob is replaced: another blob holds
    those rows too. `None` where it has none any more: whoever holds the lock of an archive can undo or
    replace what is in it. Raises `LoadFailed` where its dataset is gone.
    """
    entry = ingestions.find(connection, ingestion_id)
    known = catalog.find(connection, entry["dataset"]) if entry else None
    if entry is None or known is None:
        raise LoadFailed("the table of the rows that were loaded before is gone, or its contract")
    connection.execute(_CONTENT, {"dataset": known.name, "sha256": entry["sha256"]})
    if not connection.execute(_LEAVE, {"id": ingestion_id, "state": state}).rowcount:
        return None
    heir = versions.promote(connection, ingestion_id)
    count = load_rows.hand_over(connection, known.contract, {entry["serial"]: heir})
    # Loads that left a row as it was look again whether it is still there.
    commits.take_turn(connection, known.name)
    return Released(count, heir)
