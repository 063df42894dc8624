"""The first rows in load order, where a look at the beginning of the table proves that they are the first.

A load's rows lie in the order of their lines as long as no freed places are used again. No two rows of a
load have the same line, so where lines follow each other without a gap, from the one behind the header on,
there can be none between them anywhere else: neither an index nor the rest of the table has to be asked.
"""

from __future__ import annotations

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts.base import Contract
from shared.database import brief
from shared.queries import blocks, shown

# `+ 0`, so that the planner does not look into the index of loads, which takes it longer in a larger table.
_QUERY = sql.SQL("""
    select coalesce(first.format ->> 'header_line', '0')::bigint
        + case when first.format ->> 'header_line' is null then 1
            else (first.format ->> 'header_lines')::bigint end,
        page._line, row_to_json(_shown.*)::text
    from (
        select serial, format from ingest.ingestions
        where dataset = {dataset} and state = 'loaded' and replaced_by is null
            and rows_inserted + rows_updated > 0
        order by serial limit 1
    ) as first cross join lateral ({rows}) as page cross join lateral (select {columns}) as _shown""")
_ROWS = sql.SQL("""
    select * from {table} where ctid < {end}::tid and _load + 0 = first.serial
    order by _line limit {limit}""")


def look(engine: Engine, contract: type[Contract], limit: int) -> list[str] | None:
    """The first `limit` rows as JSON texts; `None` where they may lie elsewhere. Raises `Unavailable`."""
    rows = _ROWS.format(
        table=shown.table(contract),
        end=sql.Literal(f"({limit // blocks.ROWS_OF_A_BLOCK + 1},0)"),
        limit=sql.Literal(limit),
    )
    query = _QUERY.format(
        dataset=sql.Literal(contract.dataset),
        rows=shown.fitting(contract, rows, sql.SQL("_line")),
        columns=shown.columns(contract),
    )
    found = brief.ask(engine, query)
    if len(found) < limit or [line for _, line, _ in found] != list(range(found[0][0], found[0][0] + limit)):
        return None
    return [row for _, _, row in found]
