"""Undoes a load: removes its rows, keeps its entry and its blob."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select, update

from shared import driver_errors
from shared.database.transactions import set_timeouts
from shared.datasets import reassign_rows
from shared.errors import Conflict, LoadFailed
from shared.ledger import datasets, entries, locks
from shared.ledger.tables import State, ingestions
from shared.storage.blob_version import BlobVersion

_LOCK_TIMEOUT_SECONDS = 4.0
_STATEMENT_TIMEOUT_SECONDS = 200.0
"""Deleting millions of rows takes long; the platform ends a request after 230 s."""

_MAX_LISTED = 100
"""Later loads that are listed because they may lack rows now."""

_BUSY = (
    "The file, another version of its blob, or a file that needs the dataset exclusively is being loaded. "
    "Try again later."
)


def undo_load(engine: Engine, ingestion_id: uuid.UUID) -> None:
    """Remove the rows of a load in one transaction; a second undo does nothing.

    For an archive, the rows of all of its files. Raises `NotFound`, `Unavailable`, and `Conflict` if the load
    has no rows, is in progress, or its rows cannot be removed because another table refers to them.
    """
    try:
        with driver_errors.translate_errors(), engine.begin() as connection:
            set_timeouts(connection, lock=_LOCK_TIMEOUT_SECONDS, statement=_STATEMENT_TIMEOUT_SECONDS)
            _remove_rows(connection, ingestion_id)
    except LoadFailed as exc:
        raise Conflict(f"The rows cannot be removed: {exc.message}.") from None


def _remove_rows(connection: Connection, ingestion_id: uuid.UUID) -> None:
    entry = entries.get_entry(connection, ingestion_id)
    version = BlobVersion(entry["container"], entry["path"], entry["etag"], entry["member"])
    if not locks.try_acquire_all(connection, version, entry["dataset"]):
        raise Conflict(_BUSY)
    entry = entries.get_entry(connection, ingestion_id)  # it may have changed before the lock was acquired
    if entry["state"] == State.UNDONE:
        return
    _require_rows(entry)
    members = entries.members_of_entry(connection, entry)
    loads = [*(entries.get_entry(connection, member.id) for member in members), entry]
    removed = [(load, rows) for load in loads if (rows := _remove(connection, load))]
    if not (removed and removed[-1][0] is entry):  # a load that replaced it committed meanwhile
        _require_rows(entries.get_entry(connection, ingestion_id))
    # Until this commit no other load that left existing rows unchanged can commit.
    unchanged_in = [str(load) for load in datasets.loads_with_unchanged_rows(connection, entry, _MAX_LISTED)]
    facts = [_facts(connection, load, rows, unchanged_in) for load, rows in removed]
    if len(loads) > 1:
        facts[-1] |= _total(facts[:-1])
    for (load, _), undone in zip(removed, facts, strict=True):
        _record(connection, load["id"], undone)


def _remove(connection: Connection, entry: RowMapping) -> reassign_rows.RemovedRows | None:
    is_loaded = entry["state"] == State.LOADED
    return reassign_rows.remove_load_rows(connection, entry["id"], State.UNDONE) if is_loaded else None


def _record(connection: Connection, ingestion_id: uuid.UUID, facts: Mapping[str, Any]) -> None:
    connection.execute(update(ingestions).where(ingestions.c.id == ingestion_id).values(undone=facts))


def _total(members: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The sums of an archive, which has no rows of its own, over its members."""
    return {name: sum(member[name] for member in members) for name in ("rows_removed", "rows_changed_since")}


def _require_rows(entry: RowMapping) -> None:
    if entry["state"] != State.LOADED:
        duplicate = (
            f" Its rows are those of ingestion {entry['duplicate_of']}." if entry["duplicate_of"] else ""
        )
        raise Conflict(f"There is nothing to undo: the ingestion is {entry['state']}.{duplicate}")
    if entry["replaced_by"]:
        raise Conflict(
            "There is nothing to undo: a newer version of the blob replaced its rows, "
            f"see ingestion {entry['replaced_by']}."
        )


def _facts(
    connection: Connection, entry: RowMapping, removed: reassign_rows.RemovedRows, unchanged_in: Sequence[str]
) -> dict[str, Any]:
    """The result of the undo, for the ledger.

    Rows that the load updated are deleted, because their earlier values are not stored. Rows that a later
    load or an edit changed are not rows of this load any more, and are kept. It is not known which rows later
    files repeated without a change, only which loads did: `unchanged_in` lists them.
    """
    new_owner = None
    if removed.new_owner is not None:
        new_owner = connection.scalar(select(ingestions.c.id).where(ingestions.c.serial == removed.new_owner))
    return {
        "at": datetime.now(UTC).isoformat(),
        "rows_removed": 0 if new_owner else removed.rows,
        "rows_changed_since": entry["rows_inserted"] + entry["rows_updated"] - removed.rows,
        "handed_over_to": new_owner and str(new_owner),
        "unchanged_in": [] if new_owner else unchanged_in,
    }
