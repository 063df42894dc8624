"""How many rows a table has: exactly where they are few, else about, and never by reading them all."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, literal_column, select, text

from shared import faults
from shared.errors import Unavailable

MOST_COUNTED = 100_000
"""Rows that are counted; above them the planner is asked, who knows pages and rows per page."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """`rows`, perhaps an estimate; `None` where nobody can tell, with the reason in `problem`."""

    rows: int | None
    is_estimate: bool = False
    problem: str | None = None


def count(connection: Connection, table: Table) -> RowCount:
    """The rows of `table` as far as this transaction sees them.

    A table that is missing, or locked while a load changes it, is no reason to fail: its count has the
    `problem`. Waits for locks of the rest of the transaction end as soon as those of this function.
    """
    try:
        with faults.translated(), connection.begin_nested():
            connection.execute(text("set local lock_timeout = '200ms'; set local statement_timeout = '2s'"))
            estimate = _estimate(connection, table)
    except Unavailable as exc:
        return RowCount(None, problem=exc.reason)
    if estimate > MOST_COUNTED:
        return RowCount(estimate, is_estimate=True)
    try:
        with faults.translated(), connection.begin_nested():
            counted = _counted(connection, table)
    except Unavailable:
        return RowCount(estimate, is_estimate=True)
    if counted > MOST_COUNTED:
        return RowCount(max(estimate, counted), is_estimate=True)
    return RowCount(counted)


def _estimate(connection: Connection, table: Table) -> int:
    """What the planner expects: rows per page when it was last analyzed, times the pages it has now."""
    query = select(literal_column("1")).select_from(table).compile(connection)
    plans = connection.scalars(text(f"explain (format json) {query}")).one()
    return int(plans[0]["Plan"]["Plan Rows"])


def _counted(connection: Connection, table: Table) -> int:
    """The rows, of which one more than `MOST_COUNTED` are read at most."""
    some = select(literal_column("1")).select_from(table).limit(MOST_COUNTED + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0
