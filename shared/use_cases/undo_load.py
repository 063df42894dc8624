"""Undoes a load: removes its rows, keeps its entry and its blob."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select, text, update

from shared import driver_errors
from shared.datasets import reassign_rows
from shared.errors import Conflict, LoadFailed
from shared.ledger import datasets, entries, locks
from shared.ledger.tables import State, ingestions
from shared.storage.blob_version import BlobVersion

_PATIENCE = text("set local statement_timeout = '200s'; set local lock_timeout = '4s'")
"""Deleting millions of rows takes a while, and the platform cuts a request off after 230 s."""

_MOST_NAMED = 100
"""Loads that may miss rows."""

_BUSY = "It, another version of its blob, or all that waits for its dataset is being loaded. Try again later."


def undo_load(engine: Engine, ingestion_id: uuid.UUID) -> None:
    """Take the rows of a load away, in one transaction. Doing so again does nothing.

    Of an archive those of all files in it. Raises `NotFound`, `Unavailable`, and `Conflict` where it has no
    rows, is being loaded, or its rows cannot be taken away: another table of their owner's refers to them.
    """
    try:
        with driver_errors.translate_errors(), engine.begin() as connection:
            connection.execute(_PATIENCE)
            _take_away(connection, ingestion_id)
    except LoadFailed as exc:
        raise Conflict(f"The rows cannot be taken away: {exc.message}.") from None


def _take_away(connection: Connection, ingestion_id: uuid.UUID) -> None:
    entry = entries.get_entry(connection, ingestion_id)
    version = BlobVersion(entry["container"], entry["path"], entry["etag"], entry["member"])
    if not locks.try_acquire_all(connection, version, entry["dataset"]):
        raise Conflict(_BUSY)
    entry = entries.get_entry(connection, ingestion_id)  # it may have changed before the lock was ours
    if entry["state"] == State.UNDONE:
        return
    _require_rows(entry)
    loads = [
        *(entries.get_entry(connection, one.id) for one in entries.members_of_entry(connection, entry)),
        entry,
    ]
    released = [(load, done) for load in loads if (done := _release(connection, load))]
    if not (released and released[-1][0] is entry):  # what replaced it committed while that was waited for
        _require_rows(entries.get_entry(connection, ingestion_id))
    # No other load that left rows as they were commits between this and our commit.
    missed_by = [str(one) for one in datasets.loads_with_unchanged_rows(connection, entry, _MOST_NAMED)]
    facts = [_facts(connection, load, done, missed_by) for load, done in released]
    if len(loads) > 1:
        facts[-1] |= _total(facts[:-1])
    for (load, _), undone in zip(released, facts, strict=True):
        _note(connection, load["id"], undone)


def _release(connection: Connection, entry: RowMapping) -> reassign_rows.RemovedRows | None:
    is_loaded = entry["state"] == State.LOADED
    return reassign_rows.remove_load_rows(connection, entry["id"], State.UNDONE) if is_loaded else None


def _note(connection: Connection, ingestion_id: uuid.UUID, facts: Mapping[str, Any]) -> None:
    connection.execute(update(ingestions).where(ingestions.c.id == ingestion_id).values(undone=facts))


def _total(inside: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Of an archive's members that are undone with it; it has no rows by itself."""
    return {name: sum(one[name] for one in inside) for name in ("rows_removed", "rows_changed_since")}


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
    connection: Connection, entry: RowMapping, released: reassign_rows.RemovedRows, missed_by: Sequence[str]
) -> dict[str, Any]:
    """What became of the rows, for the ledger.

    Of a row that it changed the value before is nowhere, so the row goes. One that was changed or deleted
    since, by a later load or by hand, is not its own any more, and stays as it is. Which of its rows later
    loads left as they were is not known, but which loads may miss some now.
    """
    new_owner = None
    if released.new_owner is not None:
        new_owner = connection.scalar(
            select(ingestions.c.id).where(ingestions.c.serial == released.new_owner)
        )
    return {
        "at": datetime.now(UTC).isoformat(),
        "rows_removed": 0 if new_owner else released.rows,
        "rows_changed_since": entry["rows_inserted"] + entry["rows_updated"] - released.rows,
        "handed_over_to": new_owner and str(new_owner),
        "unchanged_in": [] if new_owner else missed_by,
    }
