"""Loads as pages walk through them, the newest first, and where the page before ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import BY_HAND
from shared.database import brief
from shared.queries import ending
from shared.queries.of_load import Load
from shared.queries.page import Place

_LOADS_AT_ONCE = 50
_LOADS = sql.SQL("""
    select blocks, is_edited, serial, rows_read, first_line, last_line from (
        select pg_relation_size({table}::regclass) / current_setting('block_size')::int as blocks,
            exists (select from ingest.edits where dataset = {dataset}) as is_edited
    ) as facts left join (
        select serial, rows_read, (format ->> 'last_line')::bigint as last_line,
            (format ->> 'header_line')::bigint + (format ->> 'header_lines')::bigint as first_line
        from ingest.ingestions
        where dataset = {dataset} and state = 'loaded' and replaced_by is null and serial < {serial}
            and rows_inserted + rows_updated > 0
        order by serial desc limit {limit}
    ) as loads on true order by serial desc""")
_LAST = 2**63 - 1


class Ledger(NamedTuple):
    """Some loads, the newest first; how many blocks the table has, and whether rows were ever edited."""

    blocks: int
    is_edited: bool
    loads: list[Load]


class Mark(NamedTuple):
    """Where the last row of the page before was; loads above `newest` came later, and are another walk's."""

    serial: int = BY_HAND
    line: int = _LAST
    newest: int = BY_HAND - 1
    block: int | None = None


def mark_of(after: Place) -> Mark:
    """Where a page ended that gave `after`; raises `ValueError` where none did."""
    _, *numbers = after
    if [number for number in numbers if type(number) is not int or not 0 <= number <= _LAST]:
        raise ValueError("no place")
    serial, line, newest, block = numbers
    return Mark(serial, line, min(newest, BY_HAND - 1), block if block < ending.MOST_BLOCKS else None)


def ledger(engine: Engine, contract: type[Contract], serial: int) -> Ledger:
    """Loads before `serial`."""
    query = _LOADS.format(
        table=sql.Literal(dataset.qualified(contract.dataset)),
        dataset=sql.Literal(contract.dataset),
        serial=sql.Literal(serial),
        limit=sql.Literal(_LOADS_AT_ONCE),
    )
    found = brief.ask(engine, query)
    blocks, is_edited = found[0][:2]
    return Ledger(blocks, is_edited, [Load(*load) for _, _, *load in found if load[0] is not None])


def each(engine: Engine, contract: type[Contract], mark: Mark, known: Ledger) -> Iterator[Load]:
    """The load of `mark` and those before it; looked up when they are asked for."""
    if mark.serial == BY_HAND and known.is_edited:
        yield Load(BY_HAND, _LAST)
    loads = known.loads
    while True:
        yield from loads
        if len(loads) < _LOADS_AT_ONCE:
            return
        loads = ledger(engine, contract, loads[-1].serial).loads
