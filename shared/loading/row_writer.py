"""Writes the new and changed rows of a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from psycopg2 import sql
from sqlalchemy import Connection, MetaData, Table

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.database import copy
from shared.database.copy import encode_rows
from shared.database.transactions import cursor
from shared.loading.compare import Comparison, Positions
from shared.loading.existing_rows import ExistingRows
from shared.loading.table_facts import TableFacts

_DELETE = sql.SQL("delete from {table} where ctid = any (%s::tid[])")
_LOCK = sql.SQL("""
    select count(*) from (
        select from {table} as present join unnest(%s::oid[], %s::tid[]) as seen (part, place)
        on present.tableoid = seen.part and present.ctid = seen.place for update of present
    ) as locked""")
_UPDATE = sql.SQL(
    "update {table} as present set {assignments} from ingest_changed as changed where {is_same_key}"
)
_CHANGED = Table("ingest_changed", MetaData())


class RowsChangedConcurrently(Exception):
    """Somebody changed a row between the look at it and its change."""


class RowWriter:
    """Writes into the table of one contract.

    Deleting a row and inserting it anew costs half of an update, since COPY writes many rows at a time; where
    the table's owner would notice the difference, it is an update.
    """

    def __init__(self, connection: Connection, contract: type[Contract], table_facts: TableFacts) -> None:
        self._connection = connection
        self._contract = contract
        self._table_facts = table_facts
        self._table = dataset_table.sqlalchemy_table(contract)

    def write(self, rows: pa.RecordBatch, comparison: Comparison) -> None:
        """Bring what `comparison` found new, own or changed of `rows`.

        Raises `RowsMoved`, and Postgres' own `UniqueViolation` where another transaction brought a key
        meanwhile.
        """
        present, met = comparison.present, np.append(comparison.own, comparison.changed)
        if self._table_facts.may_replace:
            self._delete(present, np.append(comparison.own_at, comparison.changed_at))
            self._append(rows, np.append(comparison.new, met))
        else:
            self._append(rows, comparison.new)
            self._lock(*present.at(np.append(comparison.own_at, comparison.changed_at)))
            self._update(rows, met)

    def _append(self, rows: pa.RecordBatch, positions: Positions) -> None:
        if len(positions):
            copy.copy_rows(self._connection, self._table, encode_rows(_at(rows, positions)))

    def _delete(self, present: ExistingRows, at: Positions) -> None:
        if not len(at):
            return
        places = present.places if len(at) == len(present) else present.places.take(at)
        with cursor(self._connection) as driver:
            driver.execute(
                _DELETE.format(table=copy.quoted_identifier(self._table)), [copy.ctid_array(places)]
            )
            if driver.rowcount != len(at):
                raise RowsChangedConcurrently

    def _lock(self, parts: npt.NDArray[np.int64], places: pa.StringArray) -> None:
        """The update goes by key: the rows it finds must be those that were seen, not what became of them."""
        if not len(places):
            return
        with cursor(self._connection) as driver:
            statement = _LOCK.format(table=copy.quoted_identifier(self._table))
            driver.execute(statement, [parts.tolist(), copy.ctid_array(places)])
            if driver.fetchall()[0][0] != len(places):
                raise RowsChangedConcurrently

    def _update(self, rows: pa.RecordBatch, positions: Positions) -> None:
        if not len(positions):
            return
        names, key = rows.schema.names, self._contract.key
        create = sql.SQL("create temp table ingest_changed on commit drop as select {} from {} with no data")
        update = _UPDATE.format(
            table=copy.quoted_identifier(self._table),
            assignments=_pairs("{0} = changed.{0}", ", ", [name for name in names if name not in key]),
            is_same_key=_pairs("present.{0} = changed.{0}", " and ", key),
        )
        with cursor(self._connection) as driver:
            driver.execute(create.format(copy.column_list(names), copy.quoted_identifier(self._table)))
            copy.copy_rows(self._connection, _CHANGED, encode_rows(_at(rows, positions)))
            driver.execute(update)
            if driver.rowcount != len(positions):
                raise RowsChangedConcurrently
            driver.execute("drop table ingest_changed")


def _pairs(form: LiteralString, separator: LiteralString, names: Iterable[str]) -> sql.Composable:
    return sql.SQL(separator).join(sql.SQL(form).format(sql.Identifier(name)) for name in names)


def _at(rows: pa.RecordBatch, positions: Positions) -> pa.RecordBatch:
    """The rows at `positions`, in the file's order."""
    if len(positions) == rows.num_rows:
        return rows
    return rows.take(np.sort(positions))
