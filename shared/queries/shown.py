"""How rows are shown: as JSON that Postgres makes, decimals without zeros at their end; how many at once."""

from __future__ import annotations

from decimal import Decimal

from psycopg2 import sql

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import Field

MOST_BYTES = 4_000_000
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


def table(contract: type[Contract]) -> sql.Identifier:
    """The dataset's table."""
    return sql.Identifier(dataset.SCHEMA, contract.dataset)


def columns(contract: type[Contract]) -> sql.Composable:
    """The columns of `page`, for `row_to_json`."""
    return sql.SQL(", ").join(_column(field) for field in dataset.fields(contract))


def query(
    contract: type[Contract],
    rows: sql.Composable,
    order: sql.Composable,
    also: sql.Composable = _NOTHING,
) -> sql.Composable:
    """The texts of `fitting` rows, behind `_found` and what else of `page` is wanted, each with a comma."""
    return _QUERY.format(also=also, rows=fitting(contract, rows, order), columns=columns(contract))


def fitting(contract: type[Contract], rows: sql.Composable, order: sql.Composable) -> sql.Composable:
    """Those of the query `rows`, which come in `order`, that an answer has room for; never none.

    With `_found`, how many there are.
    """
    return _FITTING.format(bytes=bytes_of(contract), order=order, rows=rows, most=sql.Literal(MOST_BYTES))


def bytes_of(contract: type[Contract]) -> sql.Composable:
    """About what a row takes in an answer: its texts, since all other values are short."""
    texts = [field.name for field in dataset.fields(contract) if field.python_type is str]
    lengths = [sql.SQL("coalesce(octet_length({}), 0)").format(sql.Identifier(name)) for name in texts]
    return sql.SQL(" + ").join([sql.SQL("0"), *lengths])


def _column(field: Field) -> sql.Composable:
    form = "trim_scale(page.{0}) as {0}" if field.python_type is Decimal else "page.{0}"
    return sql.SQL(form).format(sql.Identifier(field.name))
