"""The rejects of an ingestion read back, in the order of their lines, never many of them at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import Connection, Row, Select, func, select

from shared.ledger.ingest import rejects

Rejected = Row[int, str, list[dict[str, str | None]]]
"""`line`, `raw`, `errors`."""

_FETCHED = 100
"""Rows that are fetched at a time; the text of each may have a megabyte."""


def every(connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int) -> Iterator[Rejected]:
    """At most `limit` of them, from the one behind the line `after` on."""
    query = _query(ingestion_id, after, limit)
    with connection.execute(query, execution_options={"yield_per": _FETCHED}) as found:
        yield from found


def size(connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int) -> tuple[int, int]:
    """How many of them `every` would give, and the bytes of their texts, without having these sent."""
    these = _query(ingestion_id, after, limit).subquery()
    query = select(func.count(), func.coalesce(func.sum(func.octet_length(these.c.raw)), 0))
    count, texts = connection.execute(query.select_from(these)).one()
    return count, int(texts)


def _query(ingestion_id: uuid.UUID, after: int, limit: int) -> Select[int, str, list[dict[str, str | None]]]:
    return (
        select(rejects.c.line, rejects.c.raw, rejects.c.errors)
        .where(rejects.c.ingestion_id == ingestion_id, rejects.c.line > after)
        .order_by(rejects.c.line)
        .limit(limit)
    )
