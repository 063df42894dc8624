"""Pages of rows in physical table order, for datasets without a key.

Rows of these datasets are hardly ever updated: a load appends rows, and the rows of a replaced version are
deleted. So the order of the ctids is the load order until deleted space is reused, a row keeps its ctid, and
Postgres finds it without an index. A row gets another ctid only if an undo reassigns it to another load, or a
replay loads it again.
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
from shared.queries.row_page import Cursor, PageRequest, RowPage

CTID_ORDER = "place"

_GROWTH = 8
"""If a range of blocks holds too few rows, the next range is this many times as large."""
_MAX_BLOCKS = 2**32
"""A table has fewer blocks."""

_FACTS = sql.SQL("""
    select pg_relation_filenode(oid), pg_relation_size(oid) / current_setting('block_size')::int
    from pg_class where oid = {}::regclass and relkind = 'r' and not relhassubclass""")
_ROWS = sql.SQL("""
    select *, ctid as _ctid from {table}
    where ctid > {after}::tid and ctid < {end}::tid and {conditions} order by ctid limit {limit}""")
_POSITION = sql.SQL("page._ctid::text,")

_FIRST_CTID = "(0,0)"


class TableFile(NamedTuple):
    """The file that holds a table's rows; a rewritten table has another one."""

    number: int
    blocks: int


def find_table_file(engine: Engine, contract: type[Contract]) -> TableFile | None:
    """The file of the dataset's table; `None` if there are several, because the table has partitions."""
    name = sql.Literal(dataset_table.qualified_name(contract.dataset))
    rows = transactions.run_query(engine, _FACTS.format(name))
    return TableFile(*rows[0]) if rows else None


def page_by_ctid(engine: Engine, contract: type[Contract], request: PageRequest, file: TableFile) -> RowPage:
    """The requested page.

    Raises `ValueError` if `after` is not a cursor of this order, and `InvalidRequest` if the table was
    rewritten since.
    """
    after = _FIRST_CTID if request.after is None else _ctid(request.after, file.number)
    rows: list[tuple[str, str]] = []
    is_cut = False
    first, size = row_page.block_number(after), request.limit // row_page.MIN_ROWS_PER_BLOCK + 2
    while first < file.blocks and len(rows) <= request.limit and not is_cut:
        end = min(first + size, _MAX_BLOCKS - 1)
        query = _query(contract, request, (after, f"({end},0)"), request.limit + 1 - len(rows))
        result = transactions.run_query(engine, query)
        rows += [(ctid, row) for _, ctid, row in result]
        is_cut = bool(result) and result[0][0] > len(result)
        first, after, size = end, f"({end},0)", size * _GROWTH
    page = rows[: request.limit]
    is_more = is_cut or len(rows) > request.limit
    cursor = [CTID_ORDER, file.number, page[-1][0]] if is_more else None
    return RowPage(tuple(contract.model_fields), [row for _, row in page], cursor)


def _query(
    contract: type[Contract], request: PageRequest, ctids: tuple[str, str], limit: int
) -> sql.Composable:
    after, end = ctids
    rows = _ROWS.format(
        table=row_page.table_identifier(contract),
        after=sql.Literal(after),
        end=sql.Literal(end),
        conditions=filters.combine_conditions(condition.as_sql() for condition in request.filters),
        limit=sql.Literal(limit),
    )
    return row_page.rows_query(contract, rows, sql.Identifier("_ctid"), _POSITION)


def _ctid(cursor: Cursor, file_number: int) -> str:
    _, number, ctid = cursor
    block, row = (int(text) for text in str(ctid)[1:-1].split(","))
    if not (0 <= block < _MAX_BLOCKS and 0 <= row < 2**16) or type(number) is not int:
        raise ValueError("not a cursor of this order")
    if number != file_number:
        detail = "The table was rewritten since the page before, so its rows have another order. Start again."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}])
    return f"({block},{row})"
