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
from shared.database.copy import copy_rows
from shared.database.transactions import column_list, cursor, quoted_identifier
from shared.loading.compare_rows import Comparison, Indices
from shared.loading.ctid_set import CtidSet, ctid_array
from shared.loading.existing_rows import ExistingRows
from shared.loading.table_facts import TableFacts

_DELETE = sql.SQL("delete from {table} where ctid = any (%s::tid[])")
_LOCK = sql.SQL("""
    select count(*) from (
        select from {table} as existing join unnest(%s::oid[], %s::tid[]) as expected (tableoid, ctid)
        on existing.tableoid = expected.tableoid and existing.ctid = expected.ctid for update of existing
    ) as locked""")
_COUNT_UNMOVED = sql.SQL("select count(*) from {table} where tableoid = %s and ctid = any (%s::tid[])")
_CREATE_CHANGED = sql.SQL(
    "create temp table ingest_changed on commit drop as select {columns} from {table} with no data"
)
_UPDATE = sql.SQL(
    "update {table} as existing set {assignments} from ingest_changed as changed where {is_same_key}"
)
_CHANGED = Table("ingest_changed", MetaData())


class RowsChangedConcurrently(Exception):
    """Another transaction changed an existing row after it was read."""


class RowWriter:
    """Writes into the table of one contract.

    It deletes and inserts changed rows where the table allows that, which takes half the time of an update,
    since COPY writes many rows at a time. Otherwise it updates them.
    """

    def __init__(self, connection: Connection, contract: type[Contract], table_facts: TableFacts) -> None:
        self._connection = connection
        self._contract = contract
        self._may_replace = table_facts.may_replace
        self._table = dataset_table.sqlalchemy_table(contract)
        self._name = quoted_identifier(self._table)

    def write(self, rows: pa.RecordBatch, comparison: Comparison) -> None:
        """Write the rows that are new, own or changed according to `comparison`.

        Raises `RowsChangedConcurrently`, and psycopg2's `UniqueViolation` if another transaction has inserted
        a row with the same key.
        """
        existing = comparison.existing
        matched = np.append(comparison.own, comparison.changed)
        matched_at = np.append(comparison.own_at, comparison.changed_at)
        if self._may_replace:
            self._delete(existing, matched_at)
            self._append(rows, np.append(comparison.new, matched))
        else:
            self._append(rows, comparison.new)
            self._lock(*existing.positions(matched_at))
            self._update(rows, matched)

    def _append(self, rows: pa.RecordBatch, indices: Indices) -> None:
        if len(indices):
            copy_rows(self._connection, self._table, _take(rows, indices))

    def _delete(self, existing: ExistingRows, at: Indices) -> None:
        if not len(at):
            return
        ctids = existing.ctids if len(at) == len(existing) else existing.ctids.take(at)
        with cursor(self._connection) as driver:
            driver.execute(_DELETE.format(table=self._name), [ctid_array(ctids)])
            if driver.rowcount != len(at):
                raise RowsChangedConcurrently

    def _lock(self, tableoids: npt.NDArray[np.int64], ctids: pa.StringArray) -> None:
        """Lock the rows that were read, since the update finds rows by key, also changed ones."""
        if not len(ctids):
            return
        with cursor(self._connection) as driver:
            driver.execute(_LOCK.format(table=self._name), [tableoids.tolist(), ctid_array(ctids)])
            if driver.fetchall()[0][0] != len(ctids):
                raise RowsChangedConcurrently

    def _update(self, rows: pa.RecordBatch, indices: Indices) -> None:
        if not len(indices):
            return
        names, key = rows.schema.names, self._contract.key
        update = _UPDATE.format(
            table=self._name,
            assignments=_pairs("{0} = changed.{0}", ", ", [name for name in names if name not in key]),
            is_same_key=_pairs("existing.{0} = changed.{0}", " and ", key),
        )
        with cursor(self._connection) as driver:
            driver.execute(_CREATE_CHANGED.format(columns=column_list(names), table=self._name))
            copy_rows(self._connection, _CHANGED, _take(rows, indices))
            driver.execute(update)
            if driver.rowcount != len(indices):
                raise RowsChangedConcurrently
            driver.execute("drop table ingest_changed")


def are_unmoved(connection: Connection, table: Table, rows: CtidSet) -> bool:
    """Whether all `rows` of `table` are at the same positions: no transaction changed or deleted them."""
    statement = _COUNT_UNMOVED.format(table=quoted_identifier(table))
    with cursor(connection) as driver:
        for tableoid, ctids in rows:
            driver.execute(statement, [tableoid, ctid_array(pa.array(ctids))])
            if driver.fetchall()[0][0] != len(ctids):
                return False
    return True


def _pairs(form: LiteralString, separator: LiteralString, names: Iterable[str]) -> sql.Composable:
    return sql.SQL(separator).join(sql.SQL(form).format(sql.Identifier(name)) for name in names)


def _take(rows: pa.RecordBatch, indices: Indices) -> pa.RecordBatch:
    """The rows at `indices`, in the file's order."""
    if len(indices) == rows.num_rows:
        return rows
    return rows.take(np.sort(indices))
