"""Rows of a dataset: a page in one of three orders, or one row by its key."""

from __future__ import annotations

import json

from psycopg2 import sql
from sqlalchemy import Engine

from shared import driver_errors
from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.registry import CONTRACTS
from shared.database import transactions
from shared.datasets import catalog
from shared.errors import InvalidRequest, Unavailable
from shared.queries import filters, row_page, rows_by_ctid, rows_by_recency
from shared.queries.row_page import Cursor, PageRequest, RowPage

KEY_ORDER = "key"

_ROWS = sql.SQL("select * from {table} where {conditions} order by {key} limit {limit}")
_AFTER = sql.SQL("({key}) > ({values})")
_ROW = sql.SQL("""
    select row_to_json(_output.*)::text from (select * from {table} where {is_key}) as page
    cross join lateral (select {columns}) as _output""")
_FILTERS_TOO_SLOW = (
    f"too few rows that match the filters were found within {transactions.TIMEOUT_SECONDS} s. Columns "
    "without an index are searched row by row: also filter by the first column of the key, or create an index"
)


def dataset_contract(engine: Engine, name: str) -> type[Contract]:
    """The contract of the dataset; raises `NotFound`, and `Unavailable` for an inferred dataset."""
    if name in CONTRACTS:
        return CONTRACTS[name]
    with transactions.short_transaction(engine) as connection:
        return catalog.get_dataset(connection, name).contract


def read_page(engine: Engine, contract: type[Contract], request: PageRequest) -> RowPage:
    """The requested page.

    Raises `InvalidRequest` if `after` is not the cursor of an earlier page in the same order, and
    `Unavailable`, also if the filters need too long.
    """
    try:
        return _page_in_order(engine, contract, request)
    except ValueError:
        detail = "after must be the `next` of an earlier page of this list in the same order."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}]) from None
    except Unavailable as exc:
        if request.filters and exc.reason == driver_errors.TOO_SLOW:
            raise Unavailable(driver_errors.POSTGRES, _FILTERS_TOO_SLOW) from exc
        raise


def row_by_key(engine: Engine, contract: type[Contract], key: filters.Key) -> str | None:
    """The row with this key as JSON text, or `None`; raises `Unavailable`."""
    query = _ROW.format(
        table=row_page.table_identifier(contract),
        is_key=filters.key_condition(key),
        columns=row_page.json_columns(contract),
    )
    rows = transactions.run_query(engine, query)
    return rows[0][0] if rows else None


def _page_in_order(engine: Engine, contract: type[Contract], request: PageRequest) -> RowPage:
    table_file = None
    if not request.recent:
        if contract.key:
            _check_order(request, KEY_ORDER)
            return _page_by_key(engine, contract, request)
        table_file = rows_by_ctid.find_table_file(engine, contract)
    if table_file is None:  # the ctids of several files are no order
        _check_order(request, rows_by_recency.RECENT_ORDER)
        return rows_by_recency.page_by_recency(engine, contract, request)
    _check_order(request, rows_by_ctid.CTID_ORDER)
    return rows_by_ctid.page_by_ctid(engine, contract, request, table_file)


def _check_order(request: PageRequest, order: str) -> None:
    """Raises `ValueError` if the cursor belongs to another order."""
    if request.after is not None and request.after[:1] != [order]:
        raise ValueError("a cursor of another order")


def _page_by_key(engine: Engine, contract: type[Contract], request: PageRequest) -> RowPage:
    """The requested page; raises `ValueError` if `after` is not a key."""
    conditions = [condition.as_sql() for condition in request.filters]
    key = transactions.column_list(contract.key)
    if request.after is not None:
        values = transactions.literal_list(_key_values(contract, request.after))
        conditions.append(_AFTER.format(key=key, values=values))
    query = _ROWS.format(
        table=row_page.table_identifier(contract),
        conditions=filters.combine_conditions(conditions),
        key=key,
        limit=sql.Literal(request.limit + 1),  # one more shows whether there is another page
    )
    result = transactions.run_query(engine, row_page.rows_query(contract, query, key))
    rows = [row for _, row in result[: request.limit]]
    is_more = bool(rows) and result[0][0] > len(rows)
    return RowPage(tuple(contract.model_fields), rows, _cursor(contract, rows[-1]) if is_more else None)


def _cursor(contract: type[Contract], row: str) -> Cursor:
    """The key of `row`; its numbers are texts, so that no digit is lost."""
    values = json.loads(row, parse_float=str, parse_int=str)
    return [KEY_ORDER, *(str(values[name]) for name in contract.key)]


def _key_values(contract: type[Contract], after: Cursor) -> list[object]:
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    return [
        filters.parse_value(fields[name], str(text))
        for name, text in zip(contract.key, after[1:], strict=True)
    ]
