"""Lists of the ledger: the newest entries first, those asked for, and which files correct others."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select

from shared.ledger.ingest import ingestions
from shared.ledger.state import State


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; what is `None` or empty keeps none out. `blob` is a container and a path in it."""

    dataset: str | None = None
    states: Collection[State] = ()
    since: datetime | None = None
    blob: tuple[str, str] | None = None


def page(connection: Connection, wanted: Wanted, before: int | None, limit: int) -> Sequence[RowMapping]:
    """At most `limit` entries, the newest first; with `before`, a serial, those older than that one."""
    query = select(ingestions).where(*_conditions(wanted))
    if before is not None:
        query = query.where(ingestions.c.serial < before)
    return connection.execute(query.order_by(ingestions.c.serial.desc()).limit(limit)).mappings().all()


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
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


def corrections(connection: Connection, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[uuid.UUID]]:
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
