"""How rows are shown: as JSON that Postgres makes, decimals without the zeros at their end."""

from __future__ import annotations

from decimal import Decimal

from psycopg2 import sql

from shared.contracts.base import Contract
from shared.tables import dataset
from shared.tables.dataset import Field


def table(contract: type[Contract]) -> sql.Identifier:
    """The dataset's table."""
    return sql.Identifier(dataset.SCHEMA, contract.dataset)


def columns(contract: type[Contract]) -> sql.Composable:
    """The columns of `page`, for `row_to_json`."""
    return sql.SQL(", ").join(_column(field) for field in dataset.fields(contract))


def _column(field: Field) -> sql.Composable:
    form = "trim_scale(page.{0}) as {0}" if field.python_type is Decimal else "page.{0}"
    return sql.SQL(form).format(sql.Identifier(field.name))
