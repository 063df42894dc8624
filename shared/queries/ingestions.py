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
    """Conditions on ledger entries; `None` or empty means any. `blob` is a container and a path in it."""

    dataset: str | None = None
    states: Collection[State] = ()
    since: datetime | None = None
    blob: tuple[str, str] | None = None


def _entries(
    connection: Connection, filters: IngestionFilter, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """At most `limit` entries, newest first; with `before`, a serial, those that are older."""
    query = select(ingestions).where(*_conditions(filters))
    if before is not None:
        query = query.where(ingestions.c.serial < before)
    return connection.execute(query.order_by(ingestions.c.serial.desc()).limit(limit)).mappings().all()


def _conditions(filters: IngestionFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if filters.dataset is not None:
        conditions.append(ingestions.c.dataset == filters.dataset)
    if filters.states:
        conditions.append(_has_state(filters.states))
    if filters.since is not None:
        conditions.append(ingestions.c.received_at >= filters.since)
    if filters.blob is not None:
        container, path = filters.blob
        conditions += [ingestions.c.container == container, ingestions.c.path == path]
    return conditions


def _has_state(states: Collection[State]) -> ColumnElement[bool]:
    """During a replay, an entry has the state of the replay, not of the load before."""
    not_replayed = and_(ingestions.c.state.in_(states), ingestions.c.replaying.is_(None))
    pending = {State.RECEIVED, State.LOADING}.intersection(states)
    return or_(not_replayed, ingestions.c.replaying.in_(pending)) if pending else not_replayed


def _corrections(connection: Connection, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[uuid.UUID]]:
    """For each of `ids`, the ingestions whose files correct its rejects, oldest first."""
    query = (
        select(ingestions.c.corrects, ingestions.c.id)
        .where(ingestions.c.corrects.in_(ids))
        .order_by(ingestions.c.serial)
    )
    corrections: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for corrected, correction in connection.execute(query):
        corrections[corrected].append(correction)
    return corrections


@dataclass(frozen=True, slots=True)
class IngestionView:
    """A ledger entry, the ids of the ingestions that correct its rejects, and the files of an archive."""

    entry: RowMapping
    corrected_by: Sequence[uuid.UUID]
    members: Sequence[MemberEntry] = ()


def ingestion_page(
    engine: Engine, filters: IngestionFilter, before: int | None, limit: int
) -> tuple[list[IngestionView], int | None]:
    """At most `limit` ingestions, newest first; and `before` for the next page.

    Raises `Unavailable`.
    """
    with transactions.short_transaction(engine) as connection:
        entries = _entries(connection, filters, before, limit + 1)
        corrections = _corrections(connection, [entry["id"] for entry in entries[:limit]])
    views = [IngestionView(entry, corrections.get(entry["id"], ())) for entry in entries[:limit]]
    return views, entries[limit - 1]["serial"] if len(entries) > limit else None


def find_ingestion(engine: Engine, ingestion_id: uuid.UUID) -> IngestionView:
    """The ingestion with this id; raises `NotFound` and `Unavailable`."""
    with transactions.short_transaction(engine) as connection:
        return view_of(connection, get_entry(connection, ingestion_id))


def view_of(connection: Connection, entry: RowMapping) -> IngestionView:
    """The entry with its corrections and members."""
    corrections = _corrections(connection, [entry["id"]])
    return IngestionView(entry, corrections.get(entry["id"], ()), members_of_entry(connection, entry))
