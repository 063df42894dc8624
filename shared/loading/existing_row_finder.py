"""`ExistingRowFinder`: finds the rows of the table that have the keys of a batch."""

from __future__ import annotations

from typing import Any, Literal

import psycopg2.extensions
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from sqlalchemy import Connection, DateTime, MetaData, Table, Text

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LOAD_COLUMN
from shared.database.copy import copy_rows
from shared.database.transactions import column_list, comma_separated, cursor, literal_list, quoted_identifier
from shared.loading.existing_rows import ExistingRows, digest_expression, parse_existing_rows
from shared.loading.table_facts import TableFacts
from shared.validation import arrow_types

_SETTINGS = """
    declare ingest_seen cursor for select;
    set local enable_seqscan = off;
    set local enable_bitmapscan = off;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off;
    set local datestyle = ISO;
    set local extra_float_digits = 1"""
"""The open cursor keeps its snapshot, so Postgres does not reuse the `ctid` of a row that was read.

A temporary table has no statistics, and those of a table that is being loaded are old: with its defaults the
planner would read the whole table for each batch. Dates and floats come in the formats that are parsed here,
whatever the role's settings are."""

_KEYS = Table("ingest_keys", MetaData())

_ROW = sql.SQL("row(existing.{load} = {serial}, existing.tableoid, existing.ctid, {columns}, null)::text")
_RANGE = sql.SQL(
    "select tableoid, ctid, * from {table} where ({key}) >= ({low}) and ({key}) <= ({high}) limit {limit}"
)
_ROWS_OF_RANGE = sql.SQL("select string_agg({row}, E'\n'), count(*) from ({range}) as existing")
_ROWS_BY_KEY = sql.SQL("""
    select string_agg({row}, E'\n'), count(*) from ingest_keys join {table} as existing using ({key})""")
"""All rows in one text. For separate rows the driver would release Python's global lock once per row, and
wait each time for the thread that parses the file."""


class ExistingRowFinder:
    """Finds existing rows for the batches of load `serial`, with the `columns` that are compared.

    Batches are mostly sorted by key, so it first reads the range between the least and the greatest key of a
    batch. Where other rows lie in between (the batch is scattered), it joins the table with the keys.
    """

    def __init__(
        self,
        connection: Connection,
        contract: type[Contract],
        columns: list[str],
        serial: int,
        table_facts: TableFacts,
    ) -> None:
        self._connection = connection
        self._table = quoted_identifier(dataset_table.sqlalchemy_table(contract))
        self._key = list(table_facts.key)
        self._has_byte_order = table_facts.has_byte_order
        self._is_scattered = False
        self._columns = columns
        self._row = _ROW.format(
            load=sql.Identifier(LOAD_COLUMN),
            serial=sql.Literal(serial),
            columns=comma_separated(_selected_column(contract, name) for name in columns),
        )
        self._has_key_table = False
        with cursor(connection) as driver:
            driver.execute(_SETTINGS)

    def find(self, rows: pa.RecordBatch) -> ExistingRows:
        """The existing rows with keys of `rows`, and perhaps some with other keys."""
        schema = pa.schema([rows.schema.field(name) for name in self._columns])
        limit = rows.num_rows + rows.num_rows // 4 + 10
        range_ = self._range(rows, limit) if self._has_byte_order else None
        if range_ and not (self._is_scattered and self._is_wide(range_, limit)):
            text, count = self._rows_and_count(_ROWS_OF_RANGE.format(row=self._row, range=range_))
            self._is_scattered = count == limit
            if not self._is_scattered:
                return parse_existing_rows(text, schema)
        self._copy_keys(rows)
        query = _ROWS_BY_KEY.format(row=self._row, table=self._table, key=column_list(self._key))
        text, _ = self._rows_and_count(query)
        return parse_existing_rows(text, schema)

    def _is_wide(self, range_: sql.Composable, limit: int) -> bool:
        """Whether the range has `limit` rows; counting costs less than reading rows that are not needed."""
        with cursor(self._connection) as driver:
            driver.execute(sql.SQL("select count(*) from ({}) as existing").format(range_))
            return bool(driver.fetchall()[0][0] == limit)

    def _rows_and_count(self, query: sql.Composable) -> tuple[bytes, int]:
        with cursor(self._connection) as driver:
            psycopg2.extensions.register_type(psycopg2.extensions.BYTES, driver)  # text stays bytes
            driver.execute(query)
            content, count = driver.fetchall()[0]
        return content or b"", count

    def _range(self, rows: pa.RecordBatch, limit: int) -> sql.Composable | None:
        """The rows between the least and the greatest key; `None` if Python has no such timestamp."""
        try:
            low, high = _extreme_key(rows, self._key, "min"), _extreme_key(rows, self._key, "max")
        except (OverflowError, ValueError):
            return None
        return _RANGE.format(
            table=self._table,
            key=column_list(self._key),
            low=literal_list(low),
            high=literal_list(high),
            limit=sql.Literal(limit),
        )

    def _copy_keys(self, rows: pa.RecordBatch) -> None:
        """Fill a temporary table with the keys of `rows`."""
        statement: sql.Composable = sql.SQL("truncate ingest_keys")
        if not self._has_key_table:
            create = sql.SQL("create temp table ingest_keys on commit drop as select {} from {} with no data")
            statement = create.format(column_list(self._key), self._table)
            self._has_key_table = True
        with cursor(self._connection) as driver:
            driver.execute(statement)
        keys = rows.select(self._key)
        # Neighbours in the order of the index are on the same pages.
        order = pc.sort_indices(keys, [(name, "ascending") for name in self._key])
        copy_rows(self._connection, _KEYS, keys.take(order))


def _selected_column(contract: type[Contract], name: str) -> sql.Composable:
    """SQL for a column of an existing row, in a form that `parse_existing_rows` can read."""
    column = sql.Identifier("existing", name)
    kind = dataset_table.sqlalchemy_table(contract).c[name].type
    if isinstance(kind, DateTime) and kind.timezone:
        return sql.SQL("{} at time zone 'UTC'").format(column)
    if isinstance(kind, Text) and name not in contract.key:
        return digest_expression(column)
    return column


def _extreme_key(rows: pa.RecordBatch, key: list[str], end: Literal["min", "max"]) -> list[Any]:
    """The least or the greatest key of `rows`, in the order of an index."""
    values: list[Any] = []
    columns = [rows.column(name) for name in key]
    while columns:
        value = pc.min_max(columns[0])[end]
        is_extreme = pc.equal(columns[0], value)
        values += arrow_types.to_python(columns[0].filter(is_extreme).slice(0, 1))
        columns = [column.filter(is_extreme) for column in columns[1:]]
    return values
