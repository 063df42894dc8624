"""Rows of a table without a key that stand in the way of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset
from shared.contracts.dataset import LINE_COLUMN, LOAD_COLUMN
from shared.database.driving import cursor

_SHOWN = 10

_MISSING = sql.SQL("select {load}, {line} from {table} where {is_missing}")
_REPEATED = sql.SQL("""
    select {load}, {line} from (
        select {load}, {line}, row_number() over (partition by {key} order by {load}, {line}) as nth
        from {table}
    ) as numbered where nth > 1""")
_SOME = sql.SQL("""
    with found as materialized ({found})
    select (select count(*) from found), id::text, {load}, {line}
    from (select * from found order by 1, 2 limit {most}) as first
    left join ingest.ingestions on serial = {load} order by {load}, {line}""")


@dataclass(frozen=True, slots=True)
class InTheWay:
    """How many rows, and the ingestion, load and line of the first ones."""

    count: int
    first: tuple[tuple[str | None, int, int], ...]

    def as_faults(self, detail: str) -> list[dict[str, Any]]:
        """The first ones for an answer, never their values."""
        return [
            {"ingestion_id": ingestion, "load": load, "line": line, "detail": detail}
            for ingestion, load, line in self.first
        ]


def missing(connection: Connection, name: str, key: Sequence[str]) -> InTheWay:
    """Rows of the table that lack a value of `key`; all of them where it has no columns."""
    columns = [sql.SQL("{} is null").format(sql.Identifier(column)) for column in key]
    is_missing = sql.SQL(" or ").join(columns or [sql.SQL("true")])
    return _some(connection, _MISSING.format(is_missing=is_missing, **_names(name)))


def repeated(connection: Connection, name: str, key: Sequence[str]) -> InTheWay:
    """Rows whose values of `key` an earlier row has."""
    columns = sql.SQL(", ").join(map(sql.Identifier, key))
    return _some(connection, _REPEATED.format(key=columns, **_names(name)))


def _names(name: str) -> dict[str, sql.Identifier]:
    return {
        "table": sql.Identifier(dataset.SCHEMA, name),
        "load": sql.Identifier(LOAD_COLUMN),
        "line": sql.Identifier(LINE_COLUMN),
    }


def _some(connection: Connection, found: sql.Composable) -> InTheWay:
    names = {"load": sql.Identifier(LOAD_COLUMN), "line": sql.Identifier(LINE_COLUMN)}
    with cursor(connection) as driver:
        driver.execute(_SOME.format(found=found, most=sql.Literal(_SHOWN), **names))
        rows = driver.fetchall()
    return InTheWay(rows[0][0] if rows else 0, tuple((one[1], one[2], one[3]) for one in rows))
