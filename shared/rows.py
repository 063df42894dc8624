"""Rows of a dataset as they are read back: JSON made by Postgres, which keeps every digit of a number."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Engine, Text, cast, func, select
from sqlalchemy.sql.elements import ColumnElement

from shared import faults
from shared.contracts.base import Contract
from shared.tables import dataset
from shared.tables.dataset import LINE_COLUMN, LOAD_COLUMN, Field


def first_chunk(engine: Engine, contract: type[Contract], limit: int) -> str:
    """The first `limit` rows in load order as a JSON array of objects, columns in the contract's order.

    Dates are ISO 8601; decimals are JSON numbers with the digits of the file, but for zeros at their end.
    Raises `Unavailable`.
    """
    table = dataset.table(contract)
    rows = (
        select(*(_shown(contract, field) for field in dataset.fields(contract)))
        .order_by(table.c[LOAD_COLUMN], table.c[LINE_COLUMN])
        .limit(limit)
        .subquery("row")
    )
    as_json = func.coalesce(func.json_agg(rows.table_valued()), func.json_build_array())
    with faults.translated(), engine.connect() as connection:
        return str(connection.scalar(select(cast(as_json, Text))))


def _shown(contract: type[Contract], field: Field) -> ColumnElement[object]:
    column = dataset.table(contract).c[field.name]
    return func.trim_scale(column).label(field.name) if field.python_type is Decimal else column
