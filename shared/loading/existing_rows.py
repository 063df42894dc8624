"""Finds the existing rows that have the keys of a batch, as Arrow columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

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
from shared.database import copy
from shared.database.copy import encode_rows
from shared.database.transactions import cursor
from shared.loading.table_facts import TableFacts
from shared.validation import arrow_types

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ExistingRows:
    """Rows of the table.

    `parts` and `places` are the `tableoid` and `ctid` of each, which say where it lies; `is_own` whether
    this load wrote it; `columns` its values in the types of the batch. `is_odd` marks rows with a value that
    the contract cannot hold, so that no row of a file equals them; such a value is null in `columns`.
    """

    parts: npt.NDArray[np.int64]
    places: pa.StringArray
    from_this_load: Mask
    columns: dict[str, pa.Array[Any]]
    not_comparable: Mask | None

    def __len__(self) -> int:
        return len(self.places)

    def without_values(self) -> ExistingRows:
        """Where the rows lie, without what they hold."""
        return replace(self, columns={}, not_comparable=None)

    def at(self, positions: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], pa.StringArray]:
        """`parts` and `places` of the rows at `positions`."""
        return self.parts[positions], self.places.take(positions)


def parse_existing_rows(content: bytes, schema: pa.Schema) -> ExistingRows:
    """The rows of `content`, as Postgres writes rows: whether own, `tableoid`, `ctid`, `schema`, and null."""
    types = {field.name: field.type for field in schema}
    not_comparable: Mask | None = None
    try:
        columns = _read(content, types)
    except pa.ArrowInvalid:
        columns, not_comparable = _read_value_by_value(content, types)
    return ExistingRows(
        parts=columns["_part"].to_numpy(),
        places=pa.array(columns["_place"], pa.string()),
        from_this_load=columns["_own"].to_numpy(zero_copy_only=False),
        columns={name: columns[name] for name in types},
        not_comparable=not_comparable,
    )


def _read(content: bytes, types: dict[str, pa.DataType]) -> dict[str, pa.Array[Any]]:
    """The columns of rows in Postgres' text form: CSV in parentheses, in which backslashes are doubled."""
    fixed = {"_own": pa.bool_(), "_part": pa.int64(), "_place": pa.string()}
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
    columns = {name: _in_one_piece(table.column(name)) for name in (*fixed, *types)}
    for name, kind in types.items():
        if pa.types.is_string(kind) and b"\\" in content:
            columns[name] = pc.replace_substring(columns[name], "\\\\", "\\")
        elif kind != naive[name]:
            columns[name] = columns[name].cast(kind)
    return columns


def _without_zone(kind: pa.DataType) -> pa.DataType:
    """The type as which it is read: moments are selected in UTC, as text without a zone."""
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _in_one_piece(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _read_value_by_value(
    content: bytes, types: dict[str, pa.DataType]
) -> tuple[dict[str, pa.Array[Any]], Mask]:
    """For rows that somebody else wrote: `numeric` beyond the contract's places, `infinity` as a date."""
    columns = _read(content, dict.fromkeys(types, pa.string()))
    not_comparable = np.zeros(len(columns["_place"]), np.bool_)
    for name, kind in types.items():
        texts = columns[name].to_pylist()
        values = [_value(text, kind) for text in texts]
        not_comparable |= [
            value is None and text is not None for value, text in zip(values, texts, strict=True)
        ]
        columns[name] = pa.array(values, kind)
    return columns, not_comparable


def _value(text: str | None, kind: pa.DataType) -> Any:
    """The value in Python, `None` where the type has no room for it."""
    if text is None:
        return None
    try:
        return arrow_types.parse_text(text, kind)
    except (ValueError, ArithmeticError, pa.ArrowInvalid):
        return None


_LONGEST = 256
"""Bytes of a text that is compared as it is."""

_MARK = "\x02"
"""Begins every digest. A text that begins with it is digested too, so that none looks like a digest."""

_SELECTED = sql.SQL(
    "case when octet_length({0}) > {1} or starts_with({0}, {2})"
    " then {2} || encode(sha256(convert_to({0}, 'UTF8')), 'hex') else {0} end"
)


def digest_expression(column: sql.Composable) -> sql.Composable:
    """The text `column` in a query, as it is compared."""
    return _SELECTED.format(column, sql.Literal(_LONGEST), sql.Literal(_MARK))


def digest_long_texts(texts: pa.StringArray) -> pa.StringArray:
    """`texts` as `selected` gives them."""
    lengths: Any = pc.binary_length(texts)
    longest: Any = pa.scalar(_LONGEST)
    is_long: Any = pc.greater(lengths, longest)
    is_marked: Any = pc.starts_with(texts, _MARK)
    is_digested: Any = pc.or_(is_long, is_marked).fill_null(False)
    places = np.flatnonzero(is_digested.to_numpy(zero_copy_only=False))
    if not len(places):
        return texts
    digests = pa.array([_digest(str(text)) for text in texts.take(places).to_pylist()], pa.string())
    replaced: Any = pc.replace_with_mask(texts, is_digested, digests)
    return pa.array(replaced, pa.string())


def _digest(text: str) -> str:
    return _MARK + hashlib.sha256(text.encode()).hexdigest()


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


class ExistingRowFinder:
    """Looks for the rows of one load."""

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, table_facts: TableFacts
    ) -> None:
        self._connection = connection
        self._table = copy.quoted_identifier(dataset_table.sqlalchemy_table(contract))
        self._key = list(table_facts.key)
        self._has_byte_order = table_facts.has_byte_order
        self._is_scattered = False
        self._columns = [field.name for field in dataset_table.contract_fields(contract)]
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

    def find(self, rows: pa.RecordBatch) -> ExistingRows:
        """The present rows with keys of `rows`, and perhaps some with others."""
        schema = pa.schema([rows.schema.field(name) for name in self._columns])
        most = rows.num_rows + rows.num_rows // 4 + 10
        found = self._range(rows, most) if self._has_byte_order else None
        if found and not (self._is_scattered and self._is_wide(found, most)):
            text, count = self._ask(_ROWS.format(row=self._row, found=found))
            self._is_scattered = count == most
            if not self._is_scattered:
                return parse_existing_rows(text, schema)
        self._bring_keys(rows)
        text, _ = self._ask(_BY_KEY.format(row=self._row, table=self._table, key=copy.column_list(self._key)))
        return parse_existing_rows(text, schema)

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
            key=copy.column_list(self._key),
            low=_literals(low),
            high=_literals(high),
            most=sql.Literal(most),
        )

    def _bring_keys(self, rows: pa.RecordBatch) -> None:
        statement: sql.Composable = sql.SQL("truncate ingest_keys")
        if not self._has_keys:
            create = sql.SQL("create temp table ingest_keys on commit drop as select {} from {} with no data")
            statement = create.format(copy.column_list(self._key), self._table)
            self._has_keys = True
        with cursor(self._connection) as driver:
            driver.execute(statement)
        keys = rows.select(self._key)
        # In the order of the index, neighbours lie on the same pages.
        order = pc.sort_indices(keys, [(name, "ascending") for name in self._key])
        copy.copy_rows(self._connection, _KEYS, encode_rows(keys.take(order)))


def _shown(contract: type[Contract], name: str) -> sql.Composable:
    column = sql.Identifier("present", name)
    kind = dataset_table.sqlalchemy_table(contract).c[name].type
    if isinstance(kind, DateTime) and kind.timezone:
        return sql.SQL("{} at time zone 'UTC'").format(column)
    if isinstance(kind, Text) and name not in contract.key:
        return digest_expression(column)
    return column


def _first(rows: pa.RecordBatch, key: list[str], end: str) -> list[Any]:
    """The least or the greatest key of `rows`, column by column as an index sorts them."""
    values: list[Any] = []
    columns = [rows.column(name) for name in key]
    while columns:
        value = pc.min_max(columns[0])[end]
        is_it = pc.equal(columns[0], value)
        values += arrow_types.to_python(columns[0].filter(is_it).slice(0, 1))
        columns = [column.filter(is_it) for column in columns[1:]]
    return values


def _literals(values: list[Any]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Literal, values))
