"""Pages of rows in physical table order, for datasets without a key.

Their rows hardly ever change: a load appends, and the rows of a replaced one go. So the place of a row is the
order of the loads until freed places are used again, stays where it is, and is found without an index. Only
where an undo hands rows over to another load, or a replay loads them anew, they go to other places.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.database import transactions
from shared.errors import InvalidRequest
from shared.queries import filters, row_page
from shared.queries.row_page import PageRequest, Place, RowPage

CTID_ORDER = "place"

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


class TableFile(NamedTuple):
    """The file that holds a table's rows now: a rewritten table has another one."""

    number: int
    blocks: int


def find_table_file(engine: Engine, contract: type[Contract]) -> TableFile | None:
    """The file of the dataset's table; `None` where there are several, as of a table of partitions."""
    name = sql.Literal(dataset_table.qualified_name(contract.dataset))
    found = transactions.run_query(engine, _FACTS.format(name))
    return TableFile(*found[0]) if found else None


def page_by_ctid(engine: Engine, contract: type[Contract], asked: PageRequest, file: TableFile) -> RowPage:
    """The page that is `asked` for.

    Raises `ValueError` where `after` is no place in this order, and `InvalidRequest` where the table was
    rewritten since.
    """
    behind = _BEGINNING if asked.after is None else _checked(asked.after, file.number)
    rows: list[tuple[str, str]] = []
    is_cut = False
    first, size = row_page.block_number(behind), asked.limit // row_page.MAX_ROWS_PER_BLOCK + 2
    while first < file.blocks and len(rows) <= asked.limit and not is_cut:
        end = min(first + size, _MOST_BLOCKS - 1)
        query = _query(contract, asked, (behind, f"({end},0)"), asked.limit + 1 - len(rows))
        answer = transactions.run_query(engine, query)
        rows += [(place, row) for _, place, row in answer]
        is_cut = bool(answer) and answer[0][0] > len(answer)
        first, behind, size = end, f"({end},0)", size * _TIMES_MORE
    found = rows[: asked.limit]
    after = [CTID_ORDER, file.number, found[-1][0]] if len(rows) > asked.limit or is_cut else None
    return RowPage(tuple(contract.model_fields), [row for _, row in found], after)


def _query(
    contract: type[Contract], asked: PageRequest, between: tuple[str, str], limit: int
) -> sql.Composable:
    behind, end = between
    rows = _ROWS.format(
        table=row_page.table_identifier(contract),
        behind=sql.Literal(behind),
        end=sql.Literal(end),
        conditions=filters.combine_filters(one.condition() for one in asked.filters),
        limit=sql.Literal(limit),
    )
    return row_page.rows_query(contract, rows, sql.Identifier("_place"), _PLACE)


def _checked(after: Place, file: int) -> str:
    _, of_file, place = after
    block, row = (int(number) for number in str(place)[1:-1].split(","))
    if not (0 <= block < _MOST_BLOCKS and 0 <= row < 2**16) or type(of_file) is not int:
        raise ValueError("no place")
    if of_file != file:
        detail = "The table was rewritten since the page before, and its rows lie elsewhere: begin anew."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}])
    return f"({block},{row})"
