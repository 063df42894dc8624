"""The dataset's table as the place that batches are brought to, and what became of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import psycopg2.errors
import pyarrow as pa
from sqlalchemy import Connection, text

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import LINE_COLUMN
from shared.database import copy
from shared.errors import Contended, FileRefused, LoadFailed
from shared.faults import POSTGRES
from shared.ledger import commits
from shared.loading import comparing, house, settling
from shared.loading.comparing import Comparison, Positions
from shared.loading.encoding import encode
from shared.loading.finding import Finding
from shared.loading.house import House
from shared.loading.part import Part
from shared.loading.places import Places
from shared.loading.writing import RowsMoved, Writing
from shared.stopwatch import Stopwatch

_TRIES = 5
"""Looks at the present rows of one batch, while other transactions change them in between."""

_SOON = text("set local lock_timeout = '2s'")

_NO_PROGRESS = (
    "the table does not take rows for keys that it has, or seems to have: does a trigger change or drop "
    "rows, does another table inherit from it, or does a key's collation take different texts for equal?"
)

_SHOWN = 10
"""Lines with a key that is there already which a refusal names."""


class Target:
    """Takes the rows of load `serial` batch by batch, in the transaction of `connection`.

    Rows of a batch without known keys are new until Postgres finds one that is not: COPY straight into the
    table. From then on a batch is compared with the present rows of its keys first, until one meets none.
    """

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, watch: Stopwatch
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._serial = serial
        self._watch = watch
        self._commits = 0
        self.expects_new = True
        """Whether the next batch will be sent before a look at the table."""
        self.inserted = self.updated = self.unchanged = self.duplicate = 0

    @cached_property
    def _house(self) -> House:
        return house.look(self._connection, self._contract)

    @cached_property
    def _finding(self) -> Finding:
        self._commits = commits.count(self._connection, self._contract.dataset)
        return Finding(self._connection, self._contract, self._serial, self._house)

    @cached_property
    def _writing(self) -> Writing:
        return Writing(self._connection, self._contract, self._house)

    @cached_property
    def _left(self) -> Places:
        """Present rows that a row of the file met and left as they are."""
        return Places(self._house.rows_of_a_page)

    @cached_property
    def _replaced(self) -> Places:
        """Where rows were that a row of the file replaced."""
        return Places(self._house.rows_of_a_page)

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that identify a row."""
        return self._contract.key

    @contextmanager
    def finding_beside(self) -> Iterator[Finding]:
        """Looks at the table from outside of the load's transaction, once there was a look from within.

        Who changes the table's definition waits for the load, and a look for them; nobody would see that
        the load waits for the look. So it gives up soon.
        """
        with self._connection.engine.begin() as beside:
            beside.execute(_SOON)
            yield Finding(beside, self._contract, self._serial, self._house)

    def bring(self, part: Part) -> None:
        """Bring the rows of `part`.

        Raises `FileRefused` where the contract does not allow keys that are there, and `Contended`.
        """
        if self.expects_new:
            with self._watch.stage("copy", part.rows.num_rows):
                if self._append(part.rows):
                    self.inserted += part.rows.num_rows
                    return
        self._merge(part)

    def settle(self) -> None:
        """Make sure, just before the commit, that the rows left as they are are still so; see `settling`."""
        if not (self.updated or self.unchanged):
            return
        with self._watch.stage("settle"):
            settling.settle(self._connection, self._contract, self._commits, self._left)

    def _append(self, rows: pa.RecordBatch) -> bool:
        """COPY into the table; `False`, and nothing appended, where a key is there already."""
        try:
            with self._connection.begin_nested():
                copy.copy_rows(self._connection, dataset.table(self._contract), encode(rows))
        except psycopg2.errors.UniqueViolation as exc:
            self._require_about_key(exc)
            return False
        return True

    def _merge(self, part: Part) -> None:
        rows, seen, before = part.rows, part.seen, None
        for tries in range(_TRIES):
            if seen is None or self._is_outdated(seen):
                with self._watch.stage("look again", rows.num_rows):
                    seen = comparing.compare(rows, self._finding.find(rows), self.key)
                if tries > 1 and before is not None and seen.is_same_as(before):
                    raise LoadFailed(_NO_PROGRESS)
            if self._contract.on_conflict == "refuse" and len(seen.unchanged):
                raise _key_conflict(rows, seen.unchanged)
            try:
                with self._watch.stage("write", rows.num_rows), self._connection.begin_nested():
                    self._writing.write(rows, seen)
            except psycopg2.errors.UniqueViolation as exc:
                self._require_about_key(exc)
            except RowsMoved:
                pass
            else:
                self._count(seen)
                self.expects_new = not seen.met
                return
            before, seen = seen, None
        raise Contended(POSTGRES, "other transactions kept changing the same rows")

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
        if not self._contract.key or exc.diag.constraint_name not in self._house.constraints:
            raise exc


def _key_conflict(rows: pa.RecordBatch, positions: Positions) -> FileRefused:
    lines = rows.column(LINE_COLUMN).take(positions[:_SHOWN]).to_pylist()
    return FileRefused(
        "key_conflict",
        f"{len(positions)} rows or more, the first on line {lines[0]}, have a key that is in the table "
        'already, and the contract says `on_conflict = "refuse"`. Nothing of the file was loaded.',
        lines=lines,
    )
