"""Ingestions: a filtered page of them, or one with its corrections and members."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, or_, select

from shared.database import transactions
from shared.ledger.entries import MemberEntry, get_entry, members_of_entry
from shared.ledger.tables import State, ingestions


@dataclass(frozen=True, slots=True)
class IngestionFilter:
    """Which entries; what is `None` or empty keeps none out. `blob` is a container and a path in it."""

    dataset: str | None = None
    states: Collection[State] = ()
    since: datetime | None = None
    blob: tuple[str, str] | None = None


def list_entries(
    connection: Connection, wanted: IngestionFilter, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """At most `limit` entries, the newest first; with `before`, a serial, those older than that one."""
    query = select(ingestions).where(*_conditions(wanted))
    if before is not None:
        query = query.where(ingestions.c.serial < before)
    return connection.execute(query.order_by(ingestions.c.serial.desc()).limit(limit)).mappings().all()


def _conditions(wanted: IngestionFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.dataset is not None:
        conditions.append(ingestions.c.dataset == wanted.dataset)
    if wanted.states:
        conditions.append(_is_in(wanted.states))
    if wanted.since is not None:
        conditions.append(ingestions.c.received_at >= wanted.since)
    if wanted.blob is not None:
        container, path = wanted.blob
        conditions += [ingestions.c.container == container, ingestions.c.path == path]
    return conditions


def _is_in(states: Collection[State]) -> ColumnElement[bool]:
    """An entry that waits to be loaded again is in the state of that, whatever it was before."""
    at_rest = and_(ingestions.c.state.in_(states), ingestions.c.replaying.is_(None))
    on_its_way = {State.RECEIVED, State.LOADING}.intersection(states)
    return or_(at_rest, ingestions.c.replaying.in_(on_its_way)) if on_its_way else at_rest


def find_corrections(
    connection: Connection, ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, list[uuid.UUID]]:
    """For each of `ids` those whose files correct its rejects, the oldest first."""
    query = (
        select(ingestions.c.corrects, ingestions.c.id)
        .where(ingestions.c.corrects.in_(ids))
        .order_by(ingestions.c.serial)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for corrected, correction in connection.execute(query):
        found[corrected].append(correction)
    return found


@dataclass(frozen=True, slots=True)
class IngestionView:
    """An entry, the ids of ingestions whose files correct its rejects, and the members of an archive."""

    entry: RowMapping
    corrected_by: Sequence[uuid.UUID]
    members: Sequence[MemberEntry] = ()


def ingestion_page(
    engine: Engine, wanted: IngestionFilter, before: int | None, limit: int
) -> tuple[list[IngestionView], int | None]:
    """At most `limit` of those `wanted`, the newest first; and `before` for the next page.

    Raises `Unavailable`.
    """
    with transactions.short_transaction(engine) as connection:
        entries = list_entries(connection, wanted, before, limit + 1)
        seen = _views(connection, entries[:limit])
    return seen, entries[limit - 1]["serial"] if len(entries) > limit else None


def find_ingestion(engine: Engine, ingestion_id: uuid.UUID) -> IngestionView:
    """One of them; raises `NotFound` and `Unavailable`."""
    with transactions.short_transaction(engine) as connection:
        return view_of(connection, get_entry(connection, ingestion_id))


def view_of(connection: Connection, entry: RowMapping) -> IngestionView:
    """What there is to see of `entry`."""
    corrections = find_corrections(connection, [entry["id"]])
    return IngestionView(entry, corrections.get(entry["id"], ()), members_of_entry(connection, entry))


def _views(connection: Connection, entries: Sequence[RowMapping]) -> list[IngestionView]:
    corrections = find_corrections(connection, [entry["id"] for entry in entries])
    return [IngestionView(entry, corrections.get(entry["id"], ())) for entry in entries]
