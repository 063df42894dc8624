"""Finds the present rows of a batch's keys: by their range where that is narrow, else key by key."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from sqlalchemy import Connection, DateTime, MetaData, Table

from shared.contracts.base import Contract
from shared.loading import copy, present
from shared.loading.encoding import encode
from shared.loading.house import House
from shared.loading.present import Present
from shared.tables import dataset
from shared.tables.dataset import LOAD_COLUMN

_SETTINGS = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "datestyle": "ISO",
    "extra_float_digits": "1",
}
"""A temporary table has no statistics, and those of a table that is being loaded are old: the planner would
read the whole table for each batch. Dates and floats come as they are read here, whatever the role's form."""

_KEYS = Table("ingest_keys", MetaData())

_SELECTED = sql.SQL("select present.tableoid, present.ctid, present.{load} = {serial}, {columns}")
_BY_RANGE = sql.SQL(
    "{selected} from {table} as present where ({key}) >= ({low}) and ({key}) <= ({high}) limit {most}"
)
_BY_KEY = sql.SQL("{selected} from ingest_keys join {table} as present using ({key})")


class Finding:
    """Looks for the rows of one load."""

    def __init__(self, connection: Connection, contract: type[Contract], serial: int, house: House) -> None:
        self._connection = connection
        self._table = copy.identifier(dataset.table(contract))
        self._key = list(house.key)
        self._by_range = house.has_byte_order
        compared = [field.name for field in dataset.fields(contract)]
        if contract.on_conflict != "update":
            compared = list(contract.key)
        self._columns = compared
        self._selected = _SELECTED.format(
            load=sql.Identifier(LOAD_COLUMN),
            serial=sql.Literal(serial),
            columns=sql.SQL(", ").join(_shown(contract, name) for name in compared),
        )
        with copy.cursor(connection) as driver:
            # An open cursor keeps its snapshot, so no place of a row that is seen is given to another one.
            driver.execute("declare ingest_seen cursor for select")
            for name, value in _SETTINGS.items():
                driver.execute("select set_config(%s, %s, true)", (name, value))
        self._has_keys = False

    def find(self, rows: pa.RecordBatch) -> Present:
        """The present rows with keys of `rows`, and perhaps some with others."""
        schema = pa.schema([rows.schema.field(name) for name in self._columns])
        if self._by_range:
            most = rows.num_rows + rows.num_rows // 4 + 10
            found = present.parse(copy.read_csv(self._connection, self._range(rows, most)), schema)
            if len(found) < most:
                return found
            self._by_range = False  # the file's keys are scattered over the table's
        self._bring_keys(rows)
        query = _BY_KEY.format(selected=self._selected, table=self._table, key=copy.columns(self._key))
        return present.parse(copy.read_csv(self._connection, query), schema)

    def _range(self, rows: pa.RecordBatch, most: int) -> sql.Composable:
        return _BY_RANGE.format(
            selected=self._selected,
            table=self._table,
            key=sql.SQL(", ").join(sql.Identifier("present", name) for name in self._key),
            low=_literals(_first(rows, self._key, "min")),
            high=_literals(_first(rows, self._key, "max")),
            most=sql.Literal(most),
        )

    def _bring_keys(self, rows: pa.RecordBatch) -> None:
        statement: sql.Composable = sql.SQL("truncate ingest_keys")
        if not self._has_keys:
            create = sql.SQL("create temp table ingest_keys on commit drop as select {} from {} with no data")
            statement = create.format(copy.columns(self._key), self._table)
            self._has_keys = True
        with copy.cursor(self._connection) as driver:
            driver.execute(statement)
        copy.copy_rows(self._connection, _KEYS, encode(rows.select(self._key)))


def _shown(contract: type[Contract], name: str) -> sql.Composable:
    column = sql.Identifier("present", name)
    kind = dataset.table(contract).c[name].type
    if isinstance(kind, DateTime) and kind.timezone:
        return sql.SQL("{} at time zone 'UTC'").format(column)
    return column


def _first(rows: pa.RecordBatch, key: list[str], end: str) -> list[Any]:
    """The least or the greatest key of `rows`, column by column as an index sorts them."""
    values = []
    columns = [rows.column(name) for name in key]
    while columns:
        value = pc.min_max(columns[0])[end]
        values.append(value.as_py())
        is_it = pc.equal(columns[0], value)
        columns = [column.filter(is_it) for column in columns[1:]]
    return values


def _literals(values: list[Any]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Literal, values))
