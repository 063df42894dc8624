"""`TableLoader`: writes batches by COPY or by merging them with existing rows.

Two loads that each change a row which the other leaves unchanged would give a result that no order of the two
could give. So loads that found existing rows commit one at a time, and a load fails with
`ConcurrencyConflict`, to be started again, if one that committed meanwhile changed its unchanged rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import psycopg2.errors
import pyarrow as pa
from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.database.copy import copy_rows
from shared.database.transactions import set_timeouts
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict, LoadFailed
from shared.ledger import locks
from shared.loading import compare_rows, table_facts
from shared.loading.compare_rows import Comparison
from shared.loading.ctid_set import CtidSet
from shared.loading.existing_row_finder import ExistingRowFinder
from shared.loading.on_conflict import POLICIES
from shared.loading.row_writer import RowsChangedConcurrently, RowWriter, are_unmoved
from shared.loading.table_facts import TableFacts
from shared.stage_timer import StageTimer

_MAX_TRIES = 5
"""Lookups of the existing rows of one batch, while other transactions change them."""

_SECOND_LOCK_TIMEOUT_SECONDS = 2.0

_NO_PROGRESS = (
    "Postgres reports duplicate keys, but no rows have these keys. Possible reasons: a trigger changes or "
    "drops rows, another table inherits from this one, or a key column has a collation in which different "
    "texts are equal."
)


class TableLoader:
    """Writes the rows of load `serial` batch by batch, in the transaction of `connection`.

    A batch is copied straight into the table until a key conflict occurs. From then on each batch is compared
    with the existing rows that have its keys, until a batch has no existing keys.
    """

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, timer: StageTimer
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._policy = POLICIES[contract.on_conflict]
        self._table = dataset_table.sqlalchemy_table(contract)
        self._serial = serial
        self._timer = timer
        self._commits_before = 0
        self.expects_new = True
        """Whether the next batch will be copied before the table is read."""
        self.inserted = self.updated = self.unchanged = self.duplicate = 0

    @cached_property
    def _table_facts(self) -> TableFacts:
        return table_facts.read_table_facts(self._connection, self._contract)

    @cached_property
    def _finder(self) -> ExistingRowFinder:
        self._commits_before = locks.count_commits(self._connection, self._contract.dataset)
        return self._new_finder(self._connection)

    @cached_property
    def _writer(self) -> RowWriter:
        return RowWriter(self._connection, self._contract, self._table_facts)

    @cached_property
    def _unchanged(self) -> CtidSet:
        """Existing rows that have the key of a row of the file and were left unchanged."""
        return CtidSet(self._table_facts.max_rows_per_page)

    @cached_property
    def _replaced(self) -> CtidSet:
        """Positions of existing rows that a row of the file replaced."""
        return CtidSet(self._table_facts.max_rows_per_page)

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that identify a row."""
        return self._contract.key

    @contextmanager
    def second_lookup(self) -> Iterator[ExistingRowFinder]:
        """A finder with a connection of its own, for a table that this load has already read.

        It must not wait long for a lock: if a transaction that changes the table's definition waits for this
        load, the finder waits for that transaction and the load for the finder, and Postgres cannot detect
        this deadlock.
        """
        with self._connection.engine.begin() as second:
            set_timeouts(second, lock=_SECOND_LOCK_TIMEOUT_SECONDS)
            yield self._new_finder(second)

    def _new_finder(self, connection: Connection) -> ExistingRowFinder:
        columns = self._policy.columns_compared(self._contract)
        return ExistingRowFinder(connection, self._contract, columns, self._serial, self._table_facts)

    def write(self, rows: pa.RecordBatch, comparison: Comparison | None = None) -> None:
        """Write the `rows` of a batch, using a `comparison` from a second lookup if there is one.

        Raises `FileRefused` if the contract does not allow existing keys, `ConcurrencyConflict` and
        `LoadFailed`.
        """
        if self.expects_new:
            with self._timer.stage("copy", rows.num_rows):
                if self._append(rows):
                    self.inserted += rows.num_rows
                    return
        self._merge(rows, comparison)

    def verify_unchanged(self) -> None:
        """Check, as the last step before the commit, that the rows left unchanged still exist as they were.

        Waits for the dataset's other loads that are about to commit, and makes later ones wait. Raises
        `ConcurrencyConflict`.
        """
        if not (self.updated or self.unchanged):
            return
        with self._timer.stage("verify"):
            if locks.next_commit_number(self._connection, self._contract.dataset) == self._commits_before + 1:
                return
            if not are_unmoved(self._connection, self._table, self._unchanged):
                raise ConcurrencyConflict(POSTGRES, "another load changed rows that this load left unchanged")

    def _append(self, rows: pa.RecordBatch) -> bool:
        """COPY into the table; `False`, and nothing appended, if a key is in the table already."""
        try:
            with self._connection.begin_nested():
                copy_rows(self._connection, self._table, rows)
        except psycopg2.errors.UniqueViolation as exc:
            self._require_about_key(exc)
            return False
        return True

    def _merge(self, rows: pa.RecordBatch, comparison: Comparison | None) -> None:
        before = None
        for number in range(_MAX_TRIES):
            if comparison is None or self._is_outdated(comparison):
                with self._timer.stage("lookup again", rows.num_rows):
                    comparison = compare_rows.compare_rows(rows, self._finder.find(rows), self.key)
                if number > 1 and before is not None and comparison.is_same_as(before):
                    raise LoadFailed(_NO_PROGRESS)
            self._policy.check(rows, comparison)
            try:
                with self._timer.stage("write", rows.num_rows), self._connection.begin_nested():
                    self._writer.write(rows, comparison)
            except psycopg2.errors.UniqueViolation as exc:
                self._require_about_key(exc)
            except RowsChangedConcurrently:
                pass
            else:
                self._count(comparison)
                self.expects_new = not comparison.has_existing_keys
                return
            before, comparison = comparison, None
        raise ConcurrencyConflict(POSTGRES, "other transactions kept changing the same rows")

    def _is_outdated(self, comparison: Comparison) -> bool:
        """Whether this load has replaced a row after it was read."""
        at = np.append(comparison.changed_at, comparison.unchanged_at)
        return self._replaced.has_any(*comparison.existing.positions(at))

    def _count(self, comparison: Comparison) -> None:
        """Add a batch that was written. A row whose key was in an earlier batch, too, is a duplicate."""
        changed = comparison.existing.positions(comparison.changed_at)
        unchanged = comparison.existing.positions(comparison.unchanged_at)
        self._replaced.add(*changed)
        counted_before = self._unchanged.remove(*changed) + self._unchanged.add(*unchanged)
        self.inserted += len(comparison.new)
        self.updated += len(comparison.changed)
        self.unchanged += len(comparison.unchanged) - counted_before
        self.duplicate += comparison.repeated + len(comparison.own) + counted_before

    def _require_about_key(self, exc: psycopg2.errors.UniqueViolation) -> None:
        """Raise `exc` again unless it is about the primary key: it names another unique index."""
        if not self._contract.key or exc.diag.constraint_name not in self._table_facts.constraints:
            raise exc
