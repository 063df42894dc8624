"""`FileLoader`: reads, validates and writes the rows of one file in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import psycopg2
import pyarrow as pa
from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.contracts.base import Contract
from shared.contracts.dataset_table import LINE_COLUMN, LOAD_COLUMN
from shared.ledger.tables import Counts
from shared.loading import compare
from shared.loading.existing_rows import ExistingRowFinder
from shared.loading.reject_spool import RejectSpool
from shared.loading.table_loader import LoadBatch, TableLoader
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.rejects import check_limit_reachable, check_reject_limit
from shared.prefetch import prefetch
from shared.stage_timer import StageTimer
from shared.validation import arrow_types, normalize, validate
from shared.validation.validate import Validated


def prefetch_existing_rows(
    parts: Iterator[LoadBatch], target: TableLoader, timer: StageTimer
) -> Iterator[LoadBatch]:
    """The same parts, with what was `seen` of them once `target` has met present rows.

    The look does not see what the load itself has written; `target` finds that out and looks again.
    """
    for part in parts:
        yield part
        if not target.expects_new:
            break
    with closing(prefetch(parts)) as rest, ExitStack() as stack:
        yield from _with_existing_rows(rest, target, timer, stack)


def _with_existing_rows(
    parts: Iterator[LoadBatch], target: TableLoader, timer: StageTimer, stack: ExitStack
) -> Iterator[LoadBatch]:
    """A look is a help only: where none can be had, the parts pass as they are."""
    finding: ExistingRowFinder | None = None
    is_possible = True
    for part in parts:
        seen = None
        if is_possible and part.rows.num_rows and not target.expects_new:
            try:
                finding = finding or stack.enter_context(target.second_lookup())
                with timer.stage("look", part.rows.num_rows):
                    seen = compare.compare_rows(part.rows, finding.find(part.rows), target.key)
            except (SQLAlchemyError, psycopg2.Error) as exc:
                logger.info("no look ahead: {}", type(exc).__name__)
                stack.close()
                is_possible = False
        yield replace(part, seen=seen)
        del part, seen


def with_lineage(validated: Validated, serial: int) -> pa.RecordBatch:
    """The accepted rows of a batch as rows of load `serial`: the contract's columns, `_line`, `_load`."""
    columns: dict[str, Any] = arrow_types.frame_columns(validated.rows)
    columns[LINE_COLUMN] = pa.array(validated.lines)
    columns[LOAD_COLUMN] = pa.repeat(pa.scalar(serial, pa.int64()), len(validated.lines))
    return pa.RecordBatch.from_pydict(columns)


_SMALL = 256 * 1024
"""Bytes of a file that is not worth another thread."""

_PATIENCE = 1.0
"""Seconds without a batch after which slow storage is told by the bytes that it gave."""

Report = Callable[[int, int], None]
"""Takes the rows and the bytes read so far."""


class FileLoader:
    """One try to load one file as load `serial`; its rejects go into `rejects`."""

    def __init__(
        self,
        connection: Connection,
        contract: type[Contract],
        serial: int,
        rejects: RejectSpool,
        timer: StageTimer,
    ) -> None:
        self._contract = contract
        self._serial = serial
        self._rejects = rejects
        self._timer = timer
        self._target = TableLoader(connection, contract, serial, timer)
        self.rows_read = 0
        self.last_line: int | None = None
        """Of the rows that were accepted."""

    def run(self, reading: CsvReader, file_size: int, report: Report) -> None:
        """Bring the whole file of `file_size` bytes to the server, telling `report` after each batch.

        Raises `FileRefused` where it is no CSV file or too many of its rows were rejected.
        """
        rejects = self._rejects
        with closing(self._looked(reading, file_size)) as parts:
            for part in parts:
                if part is None:
                    report(self.rows_read, reading.size)
                    continue
                self.rows_read = part.rows_read
                rejects.add(part.rejects)
                if not reading.breaks:  # several tables are the better complaint, once all are known
                    width = len(reading.header.fields)
                    check_limit_reachable(
                        rejects.count, part.rows_read, part.max_remaining_bytes, width, self._contract
                    )
                if part.rows.num_rows:
                    self.last_line = part.rows.column(LINE_COLUMN)[-1].as_py()
                    self._target.write(part)
                report(part.rows_read, reading.size)
                del part
        check_reject_limit(rejects.count, self.rows_read, self._contract)

    def settle(self, reading: CsvReader) -> Counts:
        """Do what has to be done last, and count.

        Raises `ConservationBroken` where the numbers of reader, validation and Postgres do not add up, and
        `Contended`.
        """
        self._target.settle()
        counts = Counts(
            read=reading.rows,
            inserted=self._target.inserted,
            updated=self._target.updated,
            unchanged=self._target.unchanged,
            duplicate=self._target.duplicate,
            rejected=self._rejects.count,
        )
        counts.check_row_counts()
        return counts

    def _looked(self, reading: CsvReader, file_size: int) -> Generator[LoadBatch | None, None, None]:
        parts = self._parts(reading, file_size)
        if file_size < _SMALL:
            yield from parts
            return
        with closing(prefetch(prefetch_existing_rows(parts, self._target, self._timer), _PATIENCE)) as looked:
            yield from looked

    def _parts(self, reading: CsvReader, file_size: int) -> Iterator[LoadBatch]:
        """Nothing of a part is kept here while the next one is read."""
        batches = self._timer.iterate("read", reading, _rows_of)
        while (batch := next(batches, None)) is not None:
            with self._timer.stage("validate", len(batch.lines)):
                prepared = normalize.normalize(batch, self._contract, reading.format)
                validated = validate.validate(prepared, self._contract)
            del batch, prepared
            rows = with_lineage(validated, self._serial)
            part = LoadBatch(rows, validated.rejects, reading.rows, reading.max_remaining_bytes(file_size))
            del validated, rows
            yield part
            del part


def _rows_of(batch: Batch) -> int:
    return len(batch.lines) + len(batch.rejects)
