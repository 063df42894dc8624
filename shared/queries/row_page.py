"""A page of rows: the request, the result, and its JSON, limited in bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from psycopg2 import sql

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import Field
from shared.database import sql_fragments
from shared.queries.filters import Filter

Place = list[Any]
"""Where a page ends, as JSON: the order that it is in, then what identifies its last row in that order."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `limit` rows that pass all `filters`, behind `after`; `recent` ones first, or as usual."""

    limit: int
    after: Place | None = None
    recent: bool = False
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows as JSON texts, and where the next page begins; `None` behind the last row."""

    columns: tuple[str, ...]
    rows: list[str] = field(default_factory=list)
    after: Place | None = None


MAX_PAGE_BYTES = 4_000_000
"""Texts of a page, but for its last row: a row may have a megabyte, and an answer is held whole."""

# Of a text that lies outside of its row, Postgres tells the length without reading it.
_FITTING = sql.SQL("""
    select * from (
        select *, count(*) over () as _found,
            sum({bytes}) over (order by {order} rows unbounded preceding) - ({bytes}) as _before
        from ({rows}) as _row
    ) as _row where _before < {most}""")

_QUERY = sql.SQL("""
    select page._found, {also} row_to_json(_shown.*)::text from ({rows}) as page
    cross join lateral (select {columns}) as _shown""")
_NOTHING = sql.SQL("")


def table_identifier(contract: type[Contract]) -> sql.Identifier:
    """The dataset's table."""
    return sql.Identifier(dataset_table.TABLE_SCHEMA, contract.dataset)


def json_columns(contract: type[Contract]) -> sql.Composable:
    """The columns of `page`, for `row_to_json`."""
    return sql_fragments.comma_separated(_column(field) for field in dataset_table.contract_fields(contract))


def rows_query(
    contract: type[Contract],
    rows: sql.Composable,
    order: sql.Composable,
    also: sql.Composable = _NOTHING,
) -> sql.Composable:
    """The texts of `fitting` rows, behind `_found` and what else of `page` is wanted, each with a comma."""
    return _QUERY.format(also=also, rows=limited_rows(contract, rows, order), columns=json_columns(contract))


def limited_rows(contract: type[Contract], rows: sql.Composable, order: sql.Composable) -> sql.Composable:
    """Those of the query `rows`, which come in `order`, that an answer has room for; never none.

    With `_found`, how many there are.
    """
    return _FITTING.format(
        bytes=row_bytes(contract), order=order, rows=rows, most=sql.Literal(MAX_PAGE_BYTES)
    )


def row_bytes(contract: type[Contract]) -> sql.Composable:
    """About what a row takes in an answer: its texts, since all other values are short."""
    texts = [field.name for field in dataset_table.contract_fields(contract) if field.python_type is str]
    lengths = [sql.SQL("coalesce(octet_length({}), 0)").format(sql.Identifier(name)) for name in texts]
    return sql.SQL(" + ").join([sql.SQL("0"), *lengths])


def _column(field: Field) -> sql.Composable:
    form = "trim_scale(page.{0}) as {0}" if field.python_type is Decimal else "page.{0}"
    return sql.SQL(form).format(sql.Identifier(field.name))


MAX_ROWS_PER_BLOCK = 16
"""Fewer than most tables have, so that a first look is mostly enough."""


def block_number(place: str) -> int:
    """The number of the block of a place, which is Postgres' text of a `ctid`."""
    return int(place[1:].partition(",")[0])
