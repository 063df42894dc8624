"""Rows of a dataset: a page in one of three orders, or one row by its key."""

from __future__ import annotations

import json

from psycopg2 import sql
from sqlalchemy import Engine

from shared import driver_errors
from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.registry import CONTRACTS
from shared.database import sql_fragments, transactions
from shared.datasets import catalog
from shared.errors import InvalidRequest, Unavailable
from shared.queries import filters, row_page, rows_by_ctid, rows_by_recency
from shared.queries.row_page import PageRequest, Place, RowPage

KEY_ORDER = "key"

_ROWS = sql.SQL("select * from {table} where {conditions} order by {key} limit {limit}")
_BEHIND = sql.SQL("({key}) > ({values})")


def page_by_key(engine: Engine, contract: type[Contract], asked: PageRequest) -> RowPage:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order."""
    conditions = [one.condition() for one in asked.filters]
    key = sql_fragments.column_list(contract.key)
    if asked.after is not None:
        before = sql_fragments.literal_list(_values(contract, asked.after))
        conditions.append(_BEHIND.format(key=key, values=before))
    rows = _ROWS.format(
        table=row_page.table_identifier(contract),
        conditions=filters.combine_filters(conditions),
        key=key,
        limit=sql.Literal(asked.limit + 1),  # whether there is another page
    )
    answer = transactions.run_query(engine, row_page.rows_query(contract, rows, key))
    found = [row for _, row in answer[: asked.limit]]
    after = _place(contract, found[-1]) if found and answer[0][0] > len(found) else None
    return RowPage(tuple(contract.model_fields), found, after)


def _place(contract: type[Contract], row: str) -> Place:
    """The key of `row`, numbers as texts: no digit may be lost on the way."""
    shown_row = json.loads(row, parse_float=str, parse_int=str)
    return [KEY_ORDER, *(str(shown_row[name]) for name in contract.key)]


def _values(contract: type[Contract], after: Place) -> list[object]:
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    return [
        filters.parse_value(fields[name], str(text))
        for name, text in zip(contract.key, after[1:], strict=True)
    ]


_ROW = sql.SQL("""
    select row_to_json(_shown.*)::text from (select * from {table} where {is_key}) as page
    cross join lateral (select {columns}) as _shown""")
_NOT_FOUND_IN_TIME = (
    f"not enough rows that pass the filters were found within {transactions.TIMEOUT_SECONDS} s, "
    "since columns without "
    "an index are looked through row by row: filter by the first column of the key too, or make an index"
)


def dataset_contract(engine: Engine, name: str) -> type[Contract]:
    """The contract of the dataset; raises `NotFound` and, but for a declared one, `Unavailable`."""
    if name in CONTRACTS:
        return CONTRACTS[name]
    with transactions.short_transaction(engine) as connection:
        return catalog.get_dataset(connection, name).contract


def read_page(engine: Engine, contract: type[Contract], asked: PageRequest) -> RowPage:
    """The page that is `asked` for.

    Raises `InvalidRequest` where `after` is of no earlier page in the same order, and `Unavailable`, also
    where filters would need too long.
    """
    try:
        return _page_in_order(engine, contract, asked)
    except ValueError:
        detail = "after must be the `next` of an earlier answer of this list in the same order."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}]) from None
    except Unavailable as exc:
        if asked.filters and exc.reason == driver_errors.TOO_SLOW:
            raise Unavailable(driver_errors.POSTGRES, _NOT_FOUND_IN_TIME) from exc
        raise


def row_by_key(engine: Engine, contract: type[Contract], key: filters.Key) -> str | None:
    """The row with this key as JSON text, if there is one; raises `Unavailable`."""
    query = _ROW.format(
        table=row_page.table_identifier(contract),
        is_key=filters.key_condition(key),
        columns=row_page.json_columns(contract),
    )
    found = transactions.run_query(engine, query)
    return found[0][0] if found else None


def _page_in_order(engine: Engine, contract: type[Contract], asked: PageRequest) -> RowPage:
    if asked.recent:
        return rows_by_recency.page_by_recency(engine, contract, _in(rows_by_recency.RECENT_ORDER, asked))
    if contract.key:
        return page_by_key(engine, contract, _in(KEY_ORDER, asked))
    found = rows_by_ctid.find_table_file(engine, contract)
    if found is None:  # places are no order there
        return rows_by_recency.page_by_recency(engine, contract, _in(rows_by_recency.RECENT_ORDER, asked))
    return rows_by_ctid.page_by_ctid(engine, contract, _in(rows_by_ctid.CTID_ORDER, asked), found)


def _in(order: str, asked: PageRequest) -> PageRequest:
    """`asked`, if it goes on in this order or begins."""
    if asked.after is not None and asked.after[:1] != [order]:
        raise ValueError("a place in another order")
    return asked
