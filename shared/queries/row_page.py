"""A page of rows: the request, the result, and its JSON, limited in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg2 import sql

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import Field
from shared.database import transactions
from shared.queries.filters import Filter

Cursor = list[Any]
"""The end of a page as JSON: the name of its order, then what identifies its last row in that order."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` rows after the cursor `after` that match all `filters`; `recent`: newest first."""

    limit: int
    after: Cursor | None = None
    recent: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows as JSON texts, and the cursor of the next page; `None` on the last page."""

    columns: tuple[str, ...]
    rows: list[str] = field(default_factory=list)
    next: Cursor | None = None


MAX_PAGE_BYTES = 4_000_000
"""Bytes of the texts of a page, not counting its last row. A row can have 1 MB, and a response is held in
memory."""

# For a text that is stored outside of its row, Postgres knows the length without reading the text.
_LIMITED_ROWS = sql.SQL("""
    select * from (
        select *, count(*) over () as _count,
            sum({bytes}) over (order by {order} rows unbounded preceding) - ({bytes}) as _bytes_before
        from ({rows}) as _row
    ) as _row where _bytes_before < {max_bytes}""")

_QUERY = sql.SQL("""
    select page._count, {position} row_to_json(_output.*)::text from ({rows}) as page
    cross join lateral (select {columns}) as _output""")
_NOTHING = sql.SQL("")


def table_identifier(contract: type[Contract]) -> sql.Identifier:
    """The dataset's table."""
    return sql.Identifier(dataset_table.TABLE_SCHEMA, contract.dataset)


def json_columns(contract: type[Contract]) -> sql.Composable:
    """The columns of the subquery `page` for `row_to_json`."""
    return transactions.comma_separated(_column(field) for field in dataset_table.contract_fields(contract))


def rows_query(
    contract: type[Contract],
    rows: sql.Composable,
    order: sql.Composable,
    position: sql.Composable = _NOTHING,
) -> sql.Composable:
    """Select from `limited_rows`: `_count`, columns of `page` (`position`, each with a comma), JSON text."""
    limited = limited_rows(contract, rows, order)
    return _QUERY.format(position=position, rows=limited, columns=json_columns(contract))


def limited_rows(contract: type[Contract], rows: sql.Composable, order: sql.Composable) -> sql.Composable:
    """The first rows of the query `rows` that fit into a page, at least one; `order` is their order.

    The column `_count` is the number of all rows of the query.
    """
    return _LIMITED_ROWS.format(
        bytes=_row_bytes(contract), order=order, rows=rows, max_bytes=sql.Literal(MAX_PAGE_BYTES)
    )


def _row_bytes(contract: type[Contract]) -> sql.Composable:
    """The approximate size of a row in a response: the bytes of its texts, since other values are short."""
    texts = [field.name for field in dataset_table.contract_fields(contract) if field.python_type is str]
    lengths = [sql.SQL("coalesce(octet_length({}), 0)").format(sql.Identifier(name)) for name in texts]
    return sql.SQL(" + ").join([sql.SQL("0"), *lengths])


def _column(field: Field) -> sql.Composable:
    template = "trim_scale(page.{0}) as {0}" if field.python_type is Decimal else "page.{0}"
    return sql.SQL(template).format(sql.Identifier(field.name))


MIN_ROWS_PER_BLOCK = 16
"""Most tables have more rows in a block, so blocks counted by this number mostly hold enough rows."""


def block_number(ctid: str) -> int:
    """The block of a `ctid`, given as Postgres' text."""
    return int(ctid[1:].partition(",")[0])
