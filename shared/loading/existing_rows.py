"""Finds the rows of the table that have the keys of a batch, and reads them as Arrow columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import psycopg2.extensions
import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from pyarrow import csv
from sqlalchemy import Connection, DateTime, MetaData, Table, Text

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LOAD_COLUMN
from shared.database.copy import copy_rows
from shared.database.sql_fragments import column_list, comma_separated, literal_list, quoted_identifier
from shared.database.transactions import cursor
from shared.loading.table_facts import TableFacts
from shared.validation import arrow_types

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """Rows of the table.

    `tableoids` and `ctids` are their positions; `from_this_load` says which of them this load wrote;
    `columns` has their values in the types of the batch. `not_comparable` marks rows with a value that the
    contract cannot hold, so that no row of a file equals them; such a value is null in `columns`.
    """

    tableoids: npt.NDArray[np.int64]
    ctids: pa.StringArray
    from_this_load: Mask
    columns: dict[str, pa.Array[Any]]
    not_comparable: Mask | None

    def __len__(self) -> int:
        return len(self.ctids)

    def without_values(self) -> ExistingRows:
        """The positions of the rows without their values."""
        return replace(self, columns={}, not_comparable=None)

    def positions(self, indices: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], pa.StringArray]:
        """`tableoids` and `ctids` of the rows at `indices`."""
        return self.tableoids[indices], self.ctids.take(indices)


def parse_existing_rows(content: bytes, schema: pa.Schema) -> ExistingRows:
    """Parse `content`, rows in Postgres' text form, one per line.

    Each row has whether this load wrote it, `tableoid`, `ctid`, the columns of `schema`, and a null.
    """
    types = {field.name: field.type for field in schema}
    not_comparable: Mask | None = None
    try:
        columns = _read(content, types)
    except pa.ArrowInvalid:
        columns, not_comparable = _read_each_value(content, types)
    return ExistingRows(
        tableoids=columns["_tableoid"].to_numpy(),
        ctids=pa.array(columns["_ctid"], pa.string()),
        from_this_load=columns["_own"].to_numpy(zero_copy_only=False),
        columns={name: columns[name] for name in types},
        not_comparable=not_comparable,
    )


def _read(content: bytes, types: dict[str, pa.DataType]) -> dict[str, pa.Array[Any]]:
    """The columns of rows in Postgres' text form, which is CSV in parentheses with doubled backslashes."""
    fixed = {"_own": pa.bool_(), "_tableoid": pa.int64(), "_ctid": pa.string()}
    if not content:
        return {name: pa.array([], kind) for name, kind in (fixed | types).items()}
    naive = {name: _without_zone(kind) for name, kind in types.items()}
    table = csv.read_csv(
        pa.BufferReader(pa.py_buffer(content)),  # type: ignore[arg-type]  # its stubs know files only
        read_options=csv.ReadOptions(
            use_threads=False, column_names=[*fixed, *types, "_end"], block_size=len(content) + 1
        ),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            check_utf8=False,
            column_types={**fixed, **naive, "_end": pa.string()},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t", "(t"],
            false_values=["f", "(f"],
        ),
    )
    columns = {name: _as_one_array(table.column(name)) for name in (*fixed, *types)}
    for name, kind in types.items():
        if pa.types.is_string(kind) and b"\\" in content:
            columns[name] = pc.replace_substring(columns[name], "\\\\", "\\")
        elif kind != naive[name]:
            columns[name] = columns[name].cast(kind)
    return columns


def _without_zone(kind: pa.DataType) -> pa.DataType:
    """The type to parse: timestamps with a zone are selected in UTC, without the zone."""
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _as_one_array(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _read_each_value(content: bytes, types: dict[str, pa.DataType]) -> tuple[dict[str, pa.Array[Any]], Mask]:
    """`_read` for rows of other writers, with values such as a `numeric` with more digits, or `infinity`."""
    columns = _read(content, dict.fromkeys(types, pa.string()))
    not_comparable = np.zeros(len(columns["_ctid"]), np.bool_)
    for name, kind in types.items():
        texts = columns[name].to_pylist()
        values = [_value(text, kind) for text in texts]
        not_comparable |= [
            value is None and text is not None for value, text in zip(values, texts, strict=True)
        ]
        columns[name] = pa.array(values, kind)
    return columns, not_comparable


def _value(text: str | None, kind: pa.DataType) -> Any:
    """The value in Python, `None` if the type cannot hold it."""
    if text is None:
        return None
    try:
        return arrow_types.parse_text(text, kind)
    except (ValueError, ArithmeticError, pa.ArrowInvalid):
        return None


_MAX_TEXT_BYTES = 256
"""Longer texts are compared by their digests."""

_DIGEST_PREFIX = "\x02"
"""A text that begins with it is replaced by its digest too, so that no text can be taken for a digest."""

_TEXT_OR_DIGEST = sql.SQL(
    "case when octet_length({0}) > {1} or starts_with({0}, {2})"
    " then {2} || encode(sha256(convert_to({0}, 'UTF8')), 'hex') else {0} end"
)


def digest_expression(column: sql.Composable) -> sql.Composable:
    """SQL for the text `column`, or for its digest if it is long."""
    return _TEXT_OR_DIGEST.format(column, sql.Literal(_MAX_TEXT_BYTES), sql.Literal(_DIGEST_PREFIX))


def digest_long_texts(texts: pa.StringArray) -> pa.StringArray:
    """`texts` as `digest_expression` selects them."""
    lengths: Any = pc.binary_length(texts)
    max_bytes: Any = pa.scalar(_MAX_TEXT_BYTES)
    is_long: Any = pc.greater(lengths, max_bytes)
    has_prefix: Any = pc.starts_with(texts, _DIGEST_PREFIX)
    mask: Any = pc.or_(is_long, has_prefix).fill_null(False)
    indices = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
    if not len(indices):
        return texts
    digests = pa.array([_digest(str(text)) for text in texts.take(indices).to_pylist()], pa.string())
    replaced: Any = pc.replace_with_mask(texts, mask, digests)
    return pa.array(replaced, pa.string())


def _digest(text: str) -> str:
    return _DIGEST_PREFIX + hashlib.sha256(text.encode()).hexdigest()


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
