"""`FileLoader`: reads, validates and writes the rows of one file in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

import psycopg2
import pyarrow as pa
from loguru import logger
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared.contracts.base import Contract
from shared.contracts.dataset_table import LINE_COLUMN, LOAD_COLUMN
from shared.ledger.tables import Counts
from shared.loading.compare_rows import Comparison, compare_rows
from shared.loading.existing_row_finder import ExistingRowFinder
from shared.loading.reject_spool import RejectSpool
from shared.loading.table_loader import TableLoader
from shared.parsing.reader import CsvReader
from shared.parsing.rejects import Reject, check_limit_reachable, check_reject_limit
from shared.prefetch import prefetch
from shared.stage_timer import StageTimer
from shared.validation import arrow_types
from shared.validation.normalize import validated_batches
from shared.validation.validate import Validated

_MIN_PREFETCH_BYTES = 256 * 1024
"""A smaller file is loaded without a second thread."""

_HEARTBEAT_SECONDS = 1.0
"""Seconds without a batch after which the bytes read so far are reported, as storage may be slow."""

Report = Callable[[int, int], None]
"""Takes the rows and the bytes read so far."""


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """`rows` with their lineage, and the `rejects` of the same batch.

    `rows_read` counts the rows of the file so far; `max_remaining_bytes` limits what follows, if known.
    `comparison` with the existing rows is there if they were prefetched.
    """

    rows: pa.RecordBatch
    rejects: list[Reject]
    rows_read: int
    max_remaining_bytes: int | None
    comparison: Comparison | None = None


class FileLoader:
    """Loads one file once as load `serial`; its rejects go into `rejects`."""

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
        self._table = TableLoader(connection, contract, serial, timer)
        self.rows_read = 0
        self.last_line: int | None = None
        """The line of the last row that was accepted."""

    def run(self, reader: CsvReader, file_size: int, report: Report) -> None:
        """Send all rows of the file of `file_size` bytes to the server; calls `report` after each batch.

        Raises `FileRefused` if it is not a CSV file or too many of its rows were rejected.
        """
        with closing(self._prefetched(reader, file_size)) as batches:
            for batch in batches:
                if batch is None:
                    report(self.rows_read, reader.size)
                    continue
                self._load(batch, reader)
                report(batch.rows_read, reader.size)
                del batch
        check_reject_limit(self._rejects.count, self.rows_read, self._contract)

    def finish(self, reader: CsvReader) -> Counts:
        """Verify, just before the commit, what was written, and count the rows.

        Raises `ConcurrencyConflict`, and `RowCountMismatch` if the numbers of reader, validation and Postgres
        do not add up.
        """
        self._table.verify_unchanged()
        counts = Counts(
            read=reader.rows,
            inserted=self._table.inserted,
            updated=self._table.updated,
            unchanged=self._table.unchanged,
            duplicate=self._table.duplicate,
            rejected=self._rejects.count,
        )
        counts.check_row_counts()
        return counts

    def _load(self, batch: LoadBatch, reader: CsvReader) -> None:
        self.rows_read = batch.rows_read
        self._rejects.add(batch.rejects)
        if not reader.further_tables:  # "several_tables" is the better error, at the end
            width = len(reader.header.fields)
            check_limit_reachable(
                self._rejects.count, batch.rows_read, batch.max_remaining_bytes, width, self._contract
            )
        if batch.rows.num_rows:
            self.last_line = batch.rows.column(LINE_COLUMN)[-1].as_py()
            self._table.write(batch.rows, batch.comparison)

    def _prefetched(self, reader: CsvReader, file_size: int) -> Generator[LoadBatch | None, None, None]:
        """The batches of the file; `None` while storage is slow."""
        batches = self._batches(reader, file_size)
        if file_size < _MIN_PREFETCH_BYTES:
            yield from batches
            return
        compared = _prefetch_existing_rows(batches, self._table, self._timer)
        with closing(prefetch(compared, _HEARTBEAT_SECONDS)) as prefetched:
            yield from prefetched

    def _batches(self, reader: CsvReader, file_size: int) -> Iterator[LoadBatch]:
        """The validated batches with their lineage; none is kept while the next one is read."""
        for validated in validated_batches(reader, self._contract, self._timer):
            rows = with_lineage(validated, self._serial)
            load_batch = LoadBatch(
                rows, validated.rejects, reader.rows, reader.max_remaining_bytes(file_size)
            )
            del validated, rows
            yield load_batch
            del load_batch


def with_lineage(validated: Validated, serial: int) -> pa.RecordBatch:
    """The accepted rows of a batch as rows of load `serial`: the contract's columns, `_line`, `_load`."""
    columns: dict[str, Any] = arrow_types.frame_columns(validated.rows)
    columns[LINE_COLUMN] = pa.array(validated.lines)
    columns[LOAD_COLUMN] = pa.repeat(pa.scalar(serial, pa.int64()), len(validated.lines))
    return pa.RecordBatch.from_pydict(columns)


def _prefetch_existing_rows(
    batches: Iterator[LoadBatch], table: TableLoader, timer: StageTimer
) -> Iterator[LoadBatch]:
    """The same batches, compared with existing rows from the first batch on that had existing keys.

    The comparison does not see rows that this load itself has written meanwhile; `table` detects that and
    compares again.
    """
    for batch in batches:
        yield batch
        if not table.expects_new:
            break
    with closing(prefetch(batches)) as rest, ExitStack() as stack:
        yield from _with_comparisons(rest, table, timer, stack)


def _with_comparisons(
    batches: Iterator[LoadBatch], table: TableLoader, timer: StageTimer, stack: ExitStack
) -> Iterator[LoadBatch]:
    """Compare ahead where possible; after an error the batches pass without a comparison."""
    finder: ExistingRowFinder | None = None
    is_possible = True
    for batch in batches:
        comparison = None
        if is_possible and batch.rows.num_rows and not table.expects_new:
            try:
                finder = finder or stack.enter_context(table.second_lookup())
                with timer.stage("lookup", batch.rows.num_rows):
                    comparison = compare_rows(batch.rows, finder.find(batch.rows), table.key)
            except (SQLAlchemyError, psycopg2.Error) as exc:
                logger.info("existing rows are not prefetched: {}", type(exc).__name__)
                stack.close()
                is_possible = False
        yield replace(batch, comparison=comparison)
        del batch, comparison
