"""Reads the ledger and the table `sales` after a load."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text


def entry(engine: Engine, path: str) -> dict[str, Any]:
    """The newest ledger entry of the blob at `path`."""
    query = "select * from ingest.ingestions where path = :path order by serial desc limit 1"
    with engine.connect() as connection:
        return dict(connection.execute(text(query), {"path": path}).mappings().one())


def states(engine: Engine) -> dict[str, int]:
    """The number of entries in each state."""
    with engine.connect() as connection:
        query = "select state, count(*) as entries from ingest.ingestions group by state"
        rows = connection.execute(text(query))
        return {one.state: one.entries for one in rows}


def table(engine: Engine) -> list[dict[str, Any]]:
    """All rows of `sales`, in load order."""
    with engine.connect() as connection:
        rows = connection.execute(text("select * from sales order by _load, _line"))
        return [dict(one) for one in rows.mappings()]
