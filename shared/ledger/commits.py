"""The commits of a dataset that changed or left present rows: counted, and made one after the other."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from shared.ledger.ingest import datasets


def count(connection: Connection, dataset: str) -> int:
    """How many there were."""
    return connection.scalar(select(datasets.c.commits).where(datasets.c.name == dataset)) or 0


def take_turn(connection: Connection, dataset: str) -> int:
    """Wait until no other load is about to commit, keep them waiting; returns which commit ours will be."""
    statement = insert(datasets).values(name=dataset, commits=1)
    turn: int = connection.scalar(
        statement.on_conflict_do_update(
            index_elements=[datasets.c.name], set_={"commits": datasets.c.commits + 1}
        ).returning(datasets.c.commits)
    )
    return turn
