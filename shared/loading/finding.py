"""Finds the present rows of a batch's keys: by their range where that is narrow, else key by key."""

from __future__ import annotations

from typing import Any

import psycopg2.extensions
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from sqlalchemy import Connection, DateTime, MetaData, Table, Text

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import LOAD_COLUMN
from shared.database import copy
from shared.database.driving import cursor
from shared.loading import long_texts, present
from shared.loading.encoding import encode
from shared.loading.house import House
from shared.loading.present import Present

_BEGIN = """
    declare ingest_seen cursor for select;
    set local enable_seqscan = off;
    set local enable_bitmapscan = off;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off;
    set local datestyle = ISO;
    set local extra_float_digits = 1"""
"""An open cursor keeps its snapshot, so no place of a row that is seen is given to another one. A temporary
table has no statistics, and those of a table that is being loaded are old: the planner would read the whole
table for each batch. Dates and floats come as they are read here, whatever the role's form."""

_KEYS = Table("ingest_keys", MetaData())

_ROW = sql.SQL("row(present.{load} = {serial}, present.tableoid, present.ctid, {columns}, null)::text")
_RANGE = sql.SQL(
    "select tableoid, ctid, * from {table} where ({key}) >= ({low}) and ({key}) <= ({high}) limit {most}"
)
_ROWS = sql.SQL("select string_agg({row}, E'\n'), count(*) from ({found}) as present")
_BY_KEY = sql.SQL("""
    select string_agg({row}, E'\n'), count(*) from ingest_keys join {table} as present using ({key})""")
"""One text: row by row the driver would hold and give back Python's lock for each, and the thread that reads
ahead takes it in between."""


class Finding:
    """Looks for the rows of one load."""

    def __init__(self, connection: Connection, contract: type[Contract], serial: int, house: House) -> None:
        self._connection = connection
        self._table = copy.identifier(dataset.table(contract))
        self._key = list(house.key)
        self._has_byte_order = house.has_byte_order
        self._is_scattered = False
        self._columns = [field.name for field in dataset.fields(contract)]
        if contract.on_conflict != "update":
            self._columns = list(contract.key)
        self._row = _ROW.format(
            load=sql.Identifier(LOAD_COLUMN),
            serial=sql.Literal(serial),
            columns=sql.SQL(", ").join(_shown(contract, name) for name in self._columns),
        )
        self._has_keys = False
        with cursor(connection) as driver:
            driver.execute(_BEGIN)

    def find(self, rows: pa.RecordBatch) -> Present:
        """The present rows with keys of `rows`, and perhaps some with others."""
        schema = pa.schema([rows.schema.field(name) for name in self._columns])
        most = rows.num_rows + rows.num_rows // 4 + 10
        found = self._range(rows, most) if self._has_byte_order else None
        if found and not (self._is_scattered and self._is_wide(found, most)):
            text, count = self._ask(_ROWS.format(row=self._row, found=found))
            self._is_scattered = count == most
            if not self._is_scattered:
                return present.parse(text, schema)
        self._bring_keys(rows)
        text, _ = self._ask(_BY_KEY.format(row=self._row, table=self._table, key=copy.columns(self._key)))
        return present.parse(text, schema)

    def _is_wide(self, found: sql.Composable, most: int) -> bool:
        """Whether the range `found` has `most` rows; cheaper than to read them in vain."""
        with cursor(self._connection) as driver:
            driver.execute(sql.SQL("select count(*) from ({}) as found").format(found))
            return bool(driver.fetchall()[0][0] == most)

    def _ask(self, query: sql.Composable) -> tuple[bytes, int]:
        with cursor(self._connection) as driver:
            psycopg2.extensions.register_type(psycopg2.extensions.BYTES, driver)  # text as it came
            driver.execute(query)
            content, count = driver.fetchall()[0]
        return content or b"", count

    def _range(self, rows: pa.RecordBatch, most: int) -> sql.Composable | None:
        """The rows between the least and the greatest key, `None` where Python has no such moment."""
        try:
            low, high = _first(rows, self._key, "min"), _first(rows, self._key, "max")
        except (OverflowError, ValueError):
            return None
        return _RANGE.format(
            table=self._table,
            key=copy.columns(self._key),
            low=_literals(low),
            high=_literals(high),
            most=sql.Literal(most),
        )

    def _bring_keys(self, rows: pa.RecordBatch) -> None:
        statement: sql.Composable = sql.SQL("truncate ingest_keys")
        if not self._has_keys:
            create = sql.SQL("create temp table ingest_keys on commit drop as select {} from {} with no data")
            statement = create.format(copy.columns(self._key), self._table)
            self._has_keys = True
        with cursor(self._connection) as driver:
            driver.execute(statement)
        keys = rows.select(self._key)
        # In the order of the index, neighbours lie on the same pages.
        order = pc.sort_indices(keys, [(name, "ascending") for name in self._key])
        copy.copy_rows(self._connection, _KEYS, encode(keys.take(order)))


def _shown(contract: type[Contract], name: str) -> sql.Composable:
    column = sql.Identifier("present", name)
    kind = dataset.table(contract).c[name].type
    if isinstance(kind, DateTime) and kind.timezone:
        return sql.SQL("{} at time zone 'UTC'").format(column)
    if isinstance(kind, Text) and name not in contract.key:
        return long_texts.selected(column)
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
