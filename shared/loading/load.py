"""The load of one file's rows: read → validate → copy, or stage and merge, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, Table

from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.ledger.counts import Counts
from shared.ledger.rejects import Spool
from shared.loading import encoding, merge, staging, target
from shared.loading.ahead import ahead
from shared.loading.encoding import EncodedRows
from shared.loading.merge import Merged
from shared.reading.batches import Batch, Reading
from shared.reading.reject import Reject
from shared.stopwatch import Stopwatch
from shared.validation import validating

Report = Callable[[int, int], None]
"""Takes the rows and the bytes read so far."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A batch on its way to the server, and how far the file was read by then."""

    rows: EncodedRows
    rejects: list[Reject]
    rows_read: int
    bytes_read: int


class Load:
    """One try to load one file as load `serial`; its rejects go into `rejects`.

    Batches go straight into the table until one meets a key that is there already. From then on they are
    staged, and merged at the end.
    """

    def __init__(
        self, connection: Connection, contract: type[Contract], serial: int, rejects: Spool, watch: Stopwatch
    ) -> None:
        self._connection = connection
        self._contract = contract
        self._serial = serial
        self._rejects = rejects
        self._watch = watch
        self._copied = 0
        self.rows_read = 0
        self._staging: Table | None = None

    def run(self, reading: Reading, file_size: int, report: Report) -> None:
        """Bring the whole file of `file_size` bytes to the server, telling `report` after each batch.

        Raises `FileRefused` where it is no CSV file or too many of its rows were rejected.
        """
        with closing(ahead(self._parts(reading))) as parts:
            for part in parts:
                self.rows_read = part.rows_read
                self._rejects.add(part.rejects)
                self._require_hope(file_size - part.bytes_read, len(reading.header.fields))
                if part.rows.count:
                    self._bring(part.rows)
                report(part.rows_read, part.bytes_read)
        self._require_few_rejects()

    def merge(self, reading: Reading) -> Counts:
        """Merge what was staged, and count.

        Raises `ConservationBroken` where the numbers of reader, validation and Postgres do not add up.
        """
        merged = Merged(0, 0, 0, 0, 0, 0)
        if self._staging is not None:
            with self._watch.stage("merge"):
                staging.analyze(self._connection, self._staging)
                merged = merge.merge(self._connection, self._staging, self._contract, self._serial)
        counts = Counts(
            read=reading.rows,
            inserted=self._copied + merged.inserted,
            updated=merged.updated - merged.own,
            unchanged=merged.distinct - merged.different,
            duplicate=merged.staged - merged.distinct + merged.own,
            rejected=self._rejects.count,
        )
        counts.require_conservation()
        return counts

    def _parts(self, reading: Reading) -> Iterator[_Part]:
        for batch in self._watch.watch("read", reading, _rows_of):
            with self._watch.stage("validate", len(batch.lines)):
                validated = validating.validate(batch, self._contract)
            with self._watch.stage("encode", len(validated.lines)):
                rows = encoding.encode(validated, self._serial)
            yield _Part(rows, validated.rejects, reading.rows, reading.consumed)

    def _bring(self, rows: EncodedRows) -> None:
        if self._staging is None:
            with self._watch.stage("copy", rows.count):
                if target.append(self._connection, self._contract, rows):
                    self._copied += rows.count
                    return
            self._staging = staging.create(self._connection, self._contract)
        with self._watch.stage("stage", rows.count):
            staging.add(self._connection, self._staging, rows)

    def _require_few_rejects(self) -> None:
        rows = self.rows_read
        if rows and self._rejects.count / rows > self._contract.max_reject_ratio:
            raise self._too_many_rejects(f"{self._rejects.count} of {rows} rows were rejected")

    def _require_hope(self, remaining: int, width: int) -> None:
        """End early where even a file of good rows from here on would have too many rejects.

        A row of `width` fields takes at least as many bytes, its commas and its line end, so the `remaining`
        bytes bound the rows still to come.
        """
        most_rows = self.rows_read + remaining // width + 1
        if self._rejects.count / most_rows > self._contract.max_reject_ratio:
            raise self._too_many_rejects(
                f"{self._rejects.count} of the first {self.rows_read} rows were rejected, "
                "and the rest was not read"
            )

    def _too_many_rejects(self, found: str) -> FileRefused:
        limit = self._contract.max_reject_ratio
        return FileRefused(
            "too_many_rejects",
            f"{found}: more than the {limit:.0%} that the contract allows. Nothing of the file was loaded.",
            rejected=self._rejects.count,
            read=self.rows_read,
            max_reject_ratio=limit,
        )


def _rows_of(batch: Batch) -> int:
    return len(batch.lines) + len(batch.rejects)
