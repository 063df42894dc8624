"""The load of one file's rows: read → validate → look → bring, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from sqlalchemy import Connection

from shared.ahead import ahead
from shared.contracts.base import Contract
from shared.contracts.dataset import LINE_COLUMN
from shared.ledger.counts import Counts
from shared.loading import encoding, lookahead
from shared.loading.part import Part
from shared.loading.rejects import Spool
from shared.loading.target import Target
from shared.parsing import tolerance
from shared.parsing.batches import Batch, Reading
from shared.stopwatch import Stopwatch
from shared.validation import preparing, validating

_SMALL = 256 * 1024
"""Bytes of a file that is not worth another thread."""

_PATIENCE = 1.0
"""Seconds without a batch after which slow storage is told by the bytes that it gave."""

Report = Callable[[int, int], None]
"""Takes the rows and the bytes read so far."""


class Load:
    """One try to load one file as load `serial`; its rejects go into `rejects`."""

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, rejects: Spool, watch: Stopwatch
    ) -> None:
        self._contract = contract
        self._serial = serial
        self._rejects = rejects
        self._watch = watch
        self._target = Target(connection, contract, serial, watch)
        self.rows_read = 0
        self.last_line: int | None = None
        """Of the rows that were accepted."""

    def run(self, reading: Reading, file_size: int, report: Report) -> None:
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
                    tolerance.require_hope(
                        rejects.count, part.rows_read, part.most_bytes_left, width, self._contract
                    )
                if part.rows.num_rows:
                    self.last_line = part.rows.column(LINE_COLUMN)[-1].as_py()
                    self._target.bring(part)
                report(part.rows_read, reading.size)
                del part
        tolerance.require_few(rejects.count, self.rows_read, self._contract)

    def settle(self, reading: Reading) -> Counts:
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
        counts.require_conservation()
        return counts

    def _looked(self, reading: Reading, file_size: int) -> Generator[Part | None, None, None]:
        parts = self._parts(reading, file_size)
        if file_size < _SMALL:
            yield from parts
            return
        with closing(ahead(lookahead.looked(parts, self._target, self._watch), _PATIENCE)) as looked:
            yield from looked

    def _parts(self, reading: Reading, file_size: int) -> Iterator[Part]:
        """Nothing of a part is kept here while the next one is read."""
        batches = self._watch.watch("read", reading, _rows_of)
        while (batch := next(batches, None)) is not None:
            with self._watch.stage("validate", len(batch.lines)):
                prepared = preparing.prepared(batch, self._contract, reading.format)
                validated = validating.validate(prepared, self._contract)
            del batch, prepared
            rows = encoding.with_lineage(validated, self._serial)
            part = Part(rows, validated.rejects, reading.rows, reading.most_bytes_left(file_size))
            del validated, rows
            yield part
            del part


def _rows_of(batch: Batch) -> int:
    return len(batch.lines) + len(batch.rejects)
