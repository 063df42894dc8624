"""Pages that begin with the last row of the newest load, and go back load by load and line by line."""

from __future__ import annotations

import time
from itertools import islice

from psycopg2 import sql
from sqlalchemy import Engine

from shared import faults
from shared.contracts.base import Contract
from shared.contracts.dataset import BY_HAND
from shared.database import brief
from shared.errors import Unavailable
from shared.queries import filters, loads, of_load, shown
from shared.queries.ending import Row, Rows
from shared.queries.loads import Ledger, Mark
from shared.queries.page import Asked, Page, Place

ORDER = "recent"

_LOADS_AT_A_GLANCE = 4
"""Of each the last lines are looked at for rows that pass filters, before the whole table is sorted."""
_FILTERED = sql.SQL("""
    select *, ctid as _place from {table} where (_load, _line) < ({load}, {line}) and {conditions}
        and (_load <= {newest} or _load = {by_hand})
    order by _load desc, _line desc limit {limit}""")
_LAST = 2**63 - 1


def page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order.

    Rows that neither a load nor a hand brought are only found with filters.
    """
    mark = Mark() if asked.after is None else loads.mark_of(asked.after)
    ledger = loads.ledger(engine, contract, min(mark.serial, mark.newest) + 1)
    if asked.after is None and ledger.loads:
        mark = mark._replace(newest=ledger.loads[0].serial)
    if asked.filters:
        rows, is_cut = _glance(engine, contract, asked, mark, ledger) or _filtered(
            engine, contract, asked, mark
        )
    else:
        rows, is_cut = _by_load(engine, contract, asked.limit + 1, mark, ledger)
    found = rows[: asked.limit]
    is_more = is_cut or len(rows) > asked.limit
    after: Place | None = [ORDER, *found[-1][:2], mark.newest, found[-1].block] if is_more else None
    return Page(tuple(contract.model_fields), [row.text for row in found], after)


def _glance(
    engine: Engine, contract: type[Contract], asked: Asked, mark: Mark, ledger: Ledger
) -> Rows | None:
    """The page, where the last rows of the newest loads hold enough that pass the filters."""
    rows: list[Row] = []
    conditions = filters.all_of(one.condition() for one in asked.filters)
    for load in islice(loads.each(engine, contract, mark, ledger), _LOADS_AT_A_GLANCE):
        below = mark.line if load.serial == mark.serial else None
        limit = asked.limit + 1 - len(rows)
        found = of_load.glance(engine, contract, load, (below, limit), conditions)
        if found is None:
            return None
        rows += found.rows
        if found.is_cut or len(rows) > asked.limit:
            return Rows(rows, found.is_cut)
    return None


def _filtered(engine: Engine, contract: type[Contract], asked: Asked, mark: Mark) -> Rows:
    rows = _FILTERED.format(
        table=shown.table(contract),
        load=sql.Literal(mark.serial),
        line=sql.Literal(mark.line),
        newest=sql.Literal(mark.newest),
        by_hand=sql.Literal(BY_HAND),
        conditions=filters.all_of(one.condition() for one in asked.filters),
        limit=sql.Literal(asked.limit + 1),
    )
    return of_load.answered(engine, contract, rows)


def _by_load(engine: Engine, contract: type[Contract], limit: int, mark: Mark, ledger: Ledger) -> Rows:
    rows: list[Row] = []
    size = 0
    end = time.monotonic() + brief.SECONDS
    block = ledger.blocks - 1 if mark.serial == BY_HAND or mark.block is None else mark.block
    for load in loads.each(engine, contract, mark, ledger):
        below = mark.line if load.serial == mark.serial else None
        found, is_cut = of_load.last_rows(engine, contract, load, (below, block), limit - len(rows))
        rows += found
        size += sum(len(row.text) for row in found)
        is_cut = is_cut or size > shown.MOST_BYTES  # of several loads
        if is_cut or len(rows) >= limit:
            return Rows(rows, is_cut)
        if found and load.serial != BY_HAND:
            block = found[-1].block
        if time.monotonic() > end:
            raise Unavailable(faults.POSTGRES, "many loads whose rows later ones replaced take too long")
    return Rows(rows)
