"""Pages in the order in which rows lie in the table, for datasets without a key.

Their rows hardly ever change: a load appends, and the rows of a replaced one go. So the place of a row is the
order of the loads until freed places are used again, stays where it is, and is found without an index. Only
where an undo hands rows over to another load, or a replay loads them anew, they go to other places.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.database import brief
from shared.errors import InvalidRequest
from shared.queries import blocks, filters, shown
from shared.queries.page import Asked, Page, Place

ORDER = "place"

_TIMES_MORE = 8
_MOST_BLOCKS = 2**32
"""A table has fewer."""

_FACTS = sql.SQL("""
    select pg_relation_filenode(oid), pg_relation_size(oid) / current_setting('block_size')::int
    from pg_class where oid = {}::regclass and relkind = 'r' and not relhassubclass""")
_ROWS = sql.SQL("""
    select *, ctid as _place from {table}
    where ctid > {behind}::tid and ctid < {end}::tid and {conditions} order by ctid limit {limit}""")
_PLACE = sql.SQL("page._place::text,")

_BEGINNING = "(0,0)"


class File(NamedTuple):
    """The file that holds a table's rows now: a rewritten table has another one."""

    number: int
    blocks: int


def find(engine: Engine, contract: type[Contract]) -> File | None:
    """The file of the dataset's table; `None` where there are several, as of a table of partitions."""
    name = sql.Literal(dataset.qualified(contract.dataset))
    found = brief.ask(engine, _FACTS.format(name))
    return File(*found[0]) if found else None


def page(engine: Engine, contract: type[Contract], asked: Asked, file: File) -> Page:
    """The page that is `asked` for.

    Raises `ValueError` where `after` is no place in this order, and `InvalidRequest` where the table was
    rewritten since.
    """
    behind = _BEGINNING if asked.after is None else _checked(asked.after, file.number)
    rows: list[tuple[str, str]] = []
    is_cut = False
    first, size = blocks.of(behind), asked.limit // blocks.ROWS_OF_A_BLOCK + 2
    while first < file.blocks and len(rows) <= asked.limit and not is_cut:
        end = min(first + size, _MOST_BLOCKS - 1)
        query = _query(contract, asked, (behind, f"({end},0)"), asked.limit + 1 - len(rows))
        answer = brief.ask(engine, query)
        rows += [(place, row) for _, place, row in answer]
        is_cut = bool(answer) and answer[0][0] > len(answer)
        first, behind, size = end, f"({end},0)", size * _TIMES_MORE
    found = rows[: asked.limit]
    after = [ORDER, file.number, found[-1][0]] if len(rows) > asked.limit or is_cut else None
    return Page(tuple(contract.model_fields), [row for _, row in found], after)


def _query(contract: type[Contract], asked: Asked, between: tuple[str, str], limit: int) -> sql.Composable:
    behind, end = between
    rows = _ROWS.format(
        table=shown.table(contract),
        behind=sql.Literal(behind),
        end=sql.Literal(end),
        conditions=filters.all_of(one.condition() for one in asked.filters),
        limit=sql.Literal(limit),
    )
    return shown.query(contract, rows, sql.Identifier("_place"), _PLACE)


def _checked(after: Place, file: int) -> str:
    _, of_file, place = after
    block, row = (int(number) for number in str(place)[1:-1].split(","))
    if not (0 <= block < _MOST_BLOCKS and 0 <= row < 2**16) or type(of_file) is not int:
        raise ValueError("no place")
    if of_file != file:
        detail = "The table was rewritten since the page before, and its rows lie elsewhere: begin anew."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}])
    return f"({block},{row})"
