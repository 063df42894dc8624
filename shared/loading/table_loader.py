"""`TableLoader`: writes batches by COPY or by merging them with existing rows.

Where one load leaves a row that another changes, and the other one leaves a row that the first changes, the
table would end as no order of the two could have made it. So loads that met present rows commit one at a
time, and one whose rows were changed by a load that committed meanwhile begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import psycopg2.errors
import pyarrow as pa
from psycopg2 import sql
from sqlalchemy import Connection, text

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LINE_COLUMN
from shared.database import copy
from shared.database.copy import encode_rows
from shared.database.transactions import cursor
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict, FileRefused, LoadFailed
from shared.ledger import locks
from shared.ledger import locks as ledger
from shared.loading import compare, table_facts
from shared.loading.compare import Comparison, Positions
from shared.loading.ctid_set import CtidSet
from shared.loading.existing_rows import ExistingRowFinder
from shared.loading.row_writer import RowsChangedConcurrently, RowWriter
from shared.loading.table_facts import TableFacts
from shared.parsing.rejects import Reject
from shared.stage_timer import StageTimer


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """`rows` with their lineage, and the `rejects` of the same batch.

    `seen` is what a look at the table found of them, if there was one. `rows_read` are those of the file so
    far, `most_bytes_left` bounds what may come after them, where the file's size tells.
    """

    rows: pa.RecordBatch
    rejects: list[Reject]
    rows_read: int
    max_remaining_bytes: int | None
    seen: Comparison | None = None


_COUNT = sql.SQL("select count(*) from {} where tableoid = %s and ctid = any (%s::tid[])")


def verify_unchanged(
    connection: Connection, contract: type[Contract], commits: int, left: Iterable[tuple[int, list[str]]]
) -> None:
    """Wait for our turn to commit, and look at the rows `left` when the dataset had seen `commits`.

    Raises `Contended`.
    """
    if ledger.next_commit_number(connection, contract.dataset) == commits + 1:
        return
    statement = _COUNT.format(copy.quoted_identifier(dataset_table.sqlalchemy_table(contract)))
    with cursor(connection) as driver:
        for part, places in left:
            driver.execute(statement, (part, copy.ctid_array(pa.array(places))))
            if driver.fetchall()[0][0] != len(places):
                raise ConcurrencyConflict(POSTGRES, "another load changed rows that this one had seen")


_TRIES = 5
"""Looks at the present rows of one batch, while other transactions change them in between."""

_SOON = text("set local lock_timeout = '2s'")

_NO_PROGRESS = (
    "the table does not take rows for keys that it has, or seems to have: does a trigger change or drop "
    "rows, does another table inherit from it, or does a key's collation take different texts for equal?"
)

_SHOWN = 10
"""Lines with a key that is there already which a refusal names."""


class TableLoader:
    """Takes the rows of load `serial` batch by batch, in the transaction of `connection`.

    Rows of a batch without known keys are new until Postgres finds one that is not: COPY straight into the
    table. From then on a batch is compared with the present rows of its keys first, until one meets none.
    """

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, timer: StageTimer
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._serial = serial
        self._timer = timer
        self._commits = 0
        self.expects_new = True
        """Whether the next batch will be sent before a look at the table."""
        self.inserted = self.updated = self.unchanged = self.duplicate = 0

    @cached_property
    def _table_facts(self) -> TableFacts:
        return table_facts.read_table_facts(self._connection, self._contract)

    @cached_property
    def _finding(self) -> ExistingRowFinder:
        self._commits = locks.count_commits(self._connection, self._contract.dataset)
        return ExistingRowFinder(self._connection, self._contract, self._serial, self._table_facts)

    @cached_property
    def _writing(self) -> RowWriter:
        return RowWriter(self._connection, self._contract, self._table_facts)

    @cached_property
    def _left(self) -> CtidSet:
        """Present rows that a row of the file met and left as they are."""
        return CtidSet(self._table_facts.rows_of_a_page)

    @cached_property
    def _replaced(self) -> CtidSet:
        """Where rows were that a row of the file replaced."""
        return CtidSet(self._table_facts.rows_of_a_page)

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that identify a row."""
        return self._contract.key

    @contextmanager
    def second_lookup(self) -> Iterator[ExistingRowFinder]:
        """Looks at the table from outside of the load's transaction, once there was a look from within.

        Who changes the table's definition waits for the load, and a look for them; nobody would see that
        the load waits for the look. So it gives up soon.
        """
        with self._connection.engine.begin() as beside:
            beside.execute(_SOON)
            yield ExistingRowFinder(beside, self._contract, self._serial, self._table_facts)

    def write(self, part: LoadBatch) -> None:
        """Bring the rows of `part`.

        Raises `FileRefused` where the contract does not allow keys that are there, and `Contended`.
        """
        if self.expects_new:
            with self._timer.stage("copy", part.rows.num_rows):
                if self._append(part.rows):
                    self.inserted += part.rows.num_rows
                    return
        self._merge(part)

    def settle(self) -> None:
        """Make sure, just before the commit, that the rows left as they are are still so; see `settling`."""
        if not (self.updated or self.unchanged):
            return
        with self._timer.stage("settle"):
            verify_unchanged(self._connection, self._contract, self._commits, self._left)

    def _append(self, rows: pa.RecordBatch) -> bool:
        """COPY into the table; `False`, and nothing appended, where a key is there already."""
        try:
            with self._connection.begin_nested():
                copy.copy_rows(
                    self._connection, dataset_table.sqlalchemy_table(self._contract), encode_rows(rows)
                )
        except psycopg2.errors.UniqueViolation as exc:
            self._require_about_key(exc)
            return False
        return True

    def _merge(self, part: LoadBatch) -> None:
        rows, seen, before = part.rows, part.seen, None
        for tries in range(_TRIES):
            if seen is None or self._is_outdated(seen):
                with self._timer.stage("look again", rows.num_rows):
                    seen = compare.compare_rows(rows, self._finding.find(rows), self.key)
                if tries > 1 and before is not None and seen.is_same_as(before):
                    raise LoadFailed(_NO_PROGRESS)
            if self._contract.on_conflict == "refuse" and len(seen.unchanged):
                raise _key_conflict(rows, seen.unchanged)
            try:
                with self._timer.stage("write", rows.num_rows), self._connection.begin_nested():
                    self._writing.write(rows, seen)
            except psycopg2.errors.UniqueViolation as exc:
                self._require_about_key(exc)
            except RowsChangedConcurrently:
                pass
            else:
                self._count(seen)
                self.expects_new = not seen.met
                return
            before, seen = seen, None
        raise ConcurrencyConflict(POSTGRES, "other transactions kept changing the same rows")

    def _is_outdated(self, seen: Comparison) -> bool:
        """Whether this load has replaced a row after it was seen."""
        at = np.append(seen.changed_at, seen.unchanged_at)
        return self._replaced.has_any(*seen.present.at(at))

    def _count(self, seen: Comparison) -> None:
        changed, left = seen.present.at(seen.changed_at), seen.present.at(seen.unchanged_at)
        self._replaced.add(*changed)
        again = self._left.remove(*changed) + self._left.add(*left)
        self.inserted += len(seen.new)
        self.updated += len(seen.changed)
        self.unchanged += len(seen.unchanged) - again
        self.duplicate += seen.repeated + len(seen.own) + again

    def _require_about_key(self, exc: psycopg2.errors.UniqueViolation) -> None:
        """A unique index of the table's owner is none of ours: the error goes on, and names it."""
        if not self._contract.key or exc.diag.constraint_name not in self._table_facts.constraints:
            raise exc


def _key_conflict(rows: pa.RecordBatch, positions: Positions) -> FileRefused:
    lines = rows.column(LINE_COLUMN).take(positions[:_SHOWN]).to_pylist()
    return FileRefused(
        "key_conflict",
        f"{len(positions)} rows or more, the first on line {lines[0]}, have a key that is in the table "
        'already, and the contract says `on_conflict = "refuse"`. Nothing of the file was loaded.',
        lines=lines,
    )
