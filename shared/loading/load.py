"""The load of one file: read → validate → stage → merge, on the caller's connection and transaction."""

from __future__ import annotations

import uuid

from sqlalchemy import Connection

from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.ledger import rejects
from shared.ledger.counts import Counts
from shared.loading import merge, staging
from shared.reading.batches import Reading
from shared.stopwatch import Stopwatch
from shared.validation import validating


class Load:
    """One try to load one file. `stage` first, `commit_rows` after it, or neither's work stays."""

    def __init__(self, connection: Connection, contract: type[Contract], watch: Stopwatch) -> None:
        self._connection = connection
        self._contract = contract
        self._watch = watch
        self._rejected = 0
        self._staged = 0

    def stage(self, reading: Reading, ingestion_id: uuid.UUID) -> None:
        """Read the whole file into the staging table and the rejects.

        Raises `FileRefused` where it is no CSV file or too many of its rows were rejected.
        """
        rejects.clear(self._connection, ingestion_id)
        self._table = staging.create(self._connection, self._contract)
        for batch in self._watch.watch("read", reading):
            with self._watch.stage("validate", len(batch.lines)):
                validated = validating.validate(batch, self._contract)
            with self._watch.stage("stage", len(validated.lines)):
                staging.add(self._connection, self._table, validated)
            rejects.add(self._connection, ingestion_id, validated.rejects)
            self._staged += len(validated.lines)
            self._rejected += len(validated.rejects)
        self._require_few_rejects(reading.rows)

    def counts_of_refused(self, reading: Reading) -> Counts:
        """What is known of a file of which nothing is loaded."""
        return Counts(read=reading.rows, rejected=self._rejected)

    def merge(self, reading: Reading, serial: int) -> Counts:
        """Bring the staged rows into the dataset's table as load `serial`.

        Raises `ConservationBroken` where the numbers of reader, validation and Postgres do not add up.
        """
        with self._watch.stage("merge", self._staged):
            merged = merge.merge(self._connection, self._table, self._contract, serial)
        counts = Counts(
            read=reading.rows,
            inserted=merged.inserted,
            updated=merged.updated,
            unchanged=merged.distinct - merged.inserted - merged.updated,
            duplicate=merged.staged - merged.distinct,
            rejected=self._rejected,
        )
        counts.require_conservation()
        return counts

    def _require_few_rejects(self, rows: int) -> None:
        limit = self._contract.max_reject_ratio
        if rows and self._rejected / rows > limit:
            raise FileRefused(
                "too_many_rejects",
                f"{self._rejected} of {rows} rows were rejected, more than the {limit:.0%} that the contract "
                "allows; nothing of the file was loaded.",
                rejected=self._rejected,
                read=rows,
                max_reject_ratio=limit,
            )
