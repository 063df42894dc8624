"""The entries of the files in one archive, and what they are together."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from shared.ledger.counts import Counts
from shared.ledger.ingest import ingestions
from shared.ledger.ingestions import count_columns
from shared.ledger.state import State
from shared.storage.identity import BlobVersion

_COUNTED = tuple(count_columns(Counts()))


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """What the ledger knows of one member."""

    id: uuid.UUID
    member: str
    state: State
    counts: Counts
    """Zero for what is not known."""
    duplicate_of: uuid.UUID | None
    error: dict[str, Any] | None


def of(connection: Connection, archive: BlobVersion) -> list[MemberEntry]:
    """Those that `archive` has so far, in the order in which they were begun."""
    table = ingestions.c
    query = (
        select(table.id, table.member, _STATE, table.duplicate_of, table.error, *_COLUMNS)
        .where(
            table.container == archive.container,
            table.path == archive.path,
            table.etag == archive.etag.strip('"'),
            table.member != "",
        )
        .order_by(table.serial)
    )
    return [_entry(row) for row in connection.execute(query)]


def within(connection: Connection, entry: RowMapping) -> list[MemberEntry]:
    """Those of the archive that `entry` is of; none where it is of a file."""
    if entry["member"]:
        return []
    return of(connection, BlobVersion(entry["container"], entry["path"], entry["etag"]))


_STATE = func.coalesce(ingestions.c.replaying, ingestions.c.state)
"""One that is loaded again is not settled, although its rows of before are there."""

_COLUMNS = [ingestions.c[name] for name in _COUNTED]


def _entry(row: Any) -> MemberEntry:
    id_, member, state, duplicate_of, error, *counted = row
    counts = Counts(*(number or 0 for number in counted))
    return MemberEntry(id_, member, State(state), counts, duplicate_of, error)


def total(entries: Sequence[MemberEntry]) -> Counts:
    """The rows of those that were loaded, all together; of others none is in the table by them."""
    loaded = [entry.counts for entry in entries if entry.state is State.LOADED]
    sums = {name: sum(getattr(counts, name) for counts in loaded) for name in Counts.__slots__}
    counts = Counts(**sums)
    counts.require_conservation()
    return counts
