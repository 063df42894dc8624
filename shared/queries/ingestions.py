"""The use case of looking at ingestions: a page of them, or one, with those that correct its rejects."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping

from shared.database import brief
from shared.errors import NotFound
from shared.ledger import ingestions, members
from shared.ledger.members import MemberEntry
from shared.queries import listing
from shared.queries.listing import Wanted


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry, the ids of ingestions whose files correct its rejects, and the members of an archive."""

    entry: RowMapping
    corrected_by: Sequence[uuid.UUID]
    members: Sequence[MemberEntry] = ()


def page(engine: Engine, wanted: Wanted, before: int | None, limit: int) -> tuple[list[Seen], int | None]:
    """At most `limit` of those `wanted`, the newest first; and `before` for the next page.

    Raises `Unavailable`.
    """
    with brief.connect(engine) as connection:
        entries = listing.page(connection, wanted, before, limit + 1)
        seen = _seen(connection, entries[:limit])
    return seen, entries[limit - 1]["serial"] if len(entries) > limit else None


def find(engine: Engine, ingestion_id: uuid.UUID) -> Seen:
    """One of them; raises `NotFound` and `Unavailable`."""
    with brief.connect(engine) as connection:
        entry = ingestions.find(connection, ingestion_id)
        if entry is None:
            raise NotFound(f"There is no ingestion {ingestion_id}.")
        return see(connection, entry)


def see(connection: Connection, entry: RowMapping) -> Seen:
    """What there is to see of `entry`."""
    corrections = listing.corrections(connection, [entry["id"]])
    return Seen(entry, corrections.get(entry["id"], ()), members.within(connection, entry))


def _seen(connection: Connection, entries: Sequence[RowMapping]) -> list[Seen]:
    corrections = listing.corrections(connection, [entry["id"] for entry in entries])
    return [Seen(entry, corrections.get(entry["id"], ())) for entry in entries]
