"""Loads one file inside the caller's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2.errors
from sqlalchemy import Connection

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.datasets import catalog, reassign_rows, schema_evolution, tables
from shared.driver_errors import POSTGRES, ROW_TOO_LARGE
from shared.errors import ConcurrencyConflict, FileRefused, UnknownDataset, WrongOverride
from shared.formats.overrides import Overrides
from shared.inference.infer_file import FileInference, InferredFile
from shared.ledger import entries, locks, versions
from shared.ledger.duplicates import Duplicates
from shared.ledger.tables import Counts, State
from shared.loading import reject_spool
from shared.loading.loader import FileLoader, Report
from shared.parsing.column_mapping import Columns, ContractColumns, FixedColumns
from shared.parsing.reader import CsvReader
from shared.stage_timer import StageTimer
from shared.storage import blob_version, upload_options
from shared.storage.blobs import Upload
from shared.storage.content import Content


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """What became of one delivery; `state` is `None` where another one is at work on the same version."""

    ingestion_id: uuid.UUID | None
    state: State | None
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How a file is read, and as what; `found` by a first pass, if there was one."""

    contract: type[Contract]
    columns: Columns
    overrides: Overrides
    found: InferredFile | None = None

    def read(self, content: Content) -> CsvReader:
        """The file with `content`, from its beginning."""
        if self.found is None:
            return CsvReader(content, self.columns, self.overrides)
        found = self.found
        return CsvReader(content, self.columns, self.overrides, format=found.format, footers=found.footers)


class Attempt:
    """One try, in the transaction of `connection`, which commits the rows and the entry together."""

    def __init__(
        self,
        connection: Connection,
        upload: Upload,
        dataset: str,
        serial: int,
        report: Report,
        *,
        is_loaded: bool = False,
    ) -> None:
        """`is_loaded`: the file is loaded again, in place of the rows that load `serial` has."""
        self._is_loaded = is_loaded
        self._connection = connection
        self._upload = upload
        self._dataset = dataset
        self._serial = serial
        self._report = report
        self._reading: CsvReader | None = None
        self._head_sha256: str | None = None
        self._load: FileLoader | FileInference | None = None
        self.timer = StageTimer()
        self._twins = Duplicates(connection, upload.version.ingestion_id, dataset, upload.size, self.timer)

    @property
    def rows(self) -> int:
        """Rows read so far."""
        return self._load.rows_read if self._load else 0

    def run(self, content: Content) -> LoadOutcome:
        """Load the file that has `content`, or record why it cannot be; the caller commits.

        The caller takes part in the loads of the dataset. Raises `Contended`.
        """
        with reject_spool.RejectSpool(self._upload.version.ingestion_id) as rejected:
            try:
                contract = registry.find(self._dataset)
                _require_supported(self._upload)
                upload_options.check_key(contract, upload_options.requested_key(self._upload.metadata))
                overrides = self._told().merged_with(contract.file_format)
                return self._bring(
                    content, ReadPlan(contract, ContractColumns(contract), overrides), rejected
                )
            except (FileRefused, UnknownDataset, WrongOverride) as exc:
                return self._refuse(exc, rejected)

    def run_inferred(self, content: Content, *, exclusive: bool) -> LoadOutcome:
        """The same for a dataset that nobody declared; the caller takes no part in its loads yet.

        That is for here to do, `alone` or beside others, once the table fits the file.
        """
        with reject_spool.RejectSpool(self._upload.version.ingestion_id) as rejected:
            try:
                _require_supported(self._upload)
                return self._bring_inferred(content, rejected, exclusive=exclusive)
            except (FileRefused, WrongOverride) as exc:
                return self._refuse(exc, rejected)

    def _told(self) -> Overrides:
        """What is told about the file, and how the file that it corrects writes numbers."""
        overrides = Overrides.parse(self._upload.metadata, "csv_")
        return overrides.merged_with(
            entries.number_options_of_corrected(self._connection, self._upload.metadata)
        )

    def _bring_inferred(
        self, content: Content, rejected: reject_spool.RejectSpool, *, exclusive: bool
    ) -> LoadOutcome:
        sha256 = self._twins.sha256_if_similar_exists(content)
        overrides = self._told()
        if sha256 and self._twins.find(sha256) and catalog.find_dataset(self._connection, self._dataset):
            if upload_options.requested_key(
                self._upload.metadata
            ):  # it is the same key, or the file is refused
                schema_evolution.start_inference(
                    self._connection, self._upload, self._dataset, content, overrides
                )
            return self._duplicate_of_inferred(sha256, exclusive=exclusive)
        with reject_spool.RejectSpool(
            self._upload.version.ingestion_id
        ) as seen:  # the load rejects them once more
            try:
                look = self._load = schema_evolution.start_inference(
                    self._connection, self._upload, self._dataset, content, overrides
                )
                self._reading = look.reading
                with self.timer.stage("infer"):
                    found = look.run(seen.add, report=self._report)
                ready = schema_evolution.prepare_table(
                    self._connection, self._upload, self._dataset, found, exclusive=exclusive
                )
            except FileRefused as exc:
                return self._refuse(exc, seen)
        way = ReadPlan(ready.dataset.contract, FixedColumns(ready.fields), overrides, found)
        return self._bring(content, way, rejected)

    def _bring(self, content: Content, way: ReadPlan, rejected: reject_spool.RejectSpool) -> LoadOutcome:
        self._head_sha256 = content.head_sha256
        contract = way.contract
        sha256 = self._twins.sha256_if_similar_exists(content, way.found.sha256 if way.found else None)
        if sha256 and (duplicate := self._twins.find_locked(contract, sha256)):
            return self._duplicate(contract, duplicate, sha256)
        reading = self._reading = way.read(content)
        load = self._load = FileLoader(self._connection, contract, self._serial, rejected, self.timer)
        tables.check_table_schema(self._connection, contract, is_declared=way.found is None)
        with _bounded(), self._connection.begin_nested() as loaded:  # refused half-way, it leaves no rows
            if self._is_loaded:
                reassign_rows.reassign_rows(self._connection, contract, {self._serial: None})
            load.run(reading, self._upload.size, self._report)
            duplicate = self._twins.find_after_wait(reading.sha256)
            if duplicate:
                loaded.rollback()
            else:
                counts = load.settle(reading)
        if duplicate:  # the lock under which it was found went with the rows: it is looked for once more
            return self._duplicate(contract, self._twins.require_duplicate(reading.sha256), reading.sha256)
        self._replace_earlier(contract, None)
        with self.timer.stage("rejects", rejected.count):
            rejected.keep(self._connection)
        facts = self._facts_read(reading)
        facts["format"]["last_line"] = load.last_line
        return self._finish(State.LOADED, counts, **facts)

    def _duplicate_of_inferred(self, sha256: str, *, exclusive: bool) -> LoadOutcome:
        """A file need not be looked at whose bytes are there, if they still are."""
        locks.acquire_dataset(self._connection, self._dataset, exclusive=exclusive)
        known = catalog.find_dataset(self._connection, self._dataset)
        if known is None:
            raise ConcurrencyConflict(POSTGRES, "the dataset went away at this moment")
        return self._duplicate(known.contract, self._twins.require_duplicate(sha256), sha256)

    def _replace_earlier(self, contract: type[Contract], duplicate: uuid.UUID | None) -> None:
        """Without a key nothing tells which rows a new version of the blob means: it brings all of them."""
        if not contract.key:
            with self.timer.stage("replace"):
                new_owners = versions.replace_earlier(
                    self._connection, self._upload.version, self._dataset, duplicate
                )
                reassign_rows.reassign_rows(self._connection, contract, new_owners)

    def _let_go(self, state: State) -> None:
        """What was loaded before and is not now has no rows any more."""
        if self._is_loaded:
            reassign_rows.remove_load_rows(self._connection, self._upload.version.ingestion_id, state)

    def _duplicate(self, contract: type[Contract], duplicate: uuid.UUID, sha256: str) -> LoadOutcome:
        self._let_go(State.DUPLICATE)
        self._replace_earlier(contract, duplicate)
        reject_spool.clear_rejects(self._connection, self._upload.version.ingestion_id)
        return self._finish(State.DUPLICATE, None, duplicate_of=duplicate, sha256=sha256)

    def _refuse(
        self, exc: FileRefused | UnknownDataset | WrongOverride, rejected: reject_spool.RejectSpool
    ) -> LoadOutcome:
        code = "unknown_dataset" if isinstance(exc, UnknownDataset) else "wrong_override"
        detail = registry.undeclared(exc.name) if isinstance(exc, UnknownDataset) else exc.message
        error: dict[str, Any] = {"code": code, "detail": detail}
        if isinstance(exc, FileRefused):
            error = {"code": exc.code, "detail": exc.message, **exc.facts}
        self._let_go(State.REFUSED)
        kept = rejected.keep(self._connection, only_few=True)
        if kept < rejected.count:
            error["rejects_kept"] = kept
        if self._reading is None or self._load is None:
            return self._finish(State.REFUSED, None, error=error)
        counts = Counts(read=self._load.rows_read, rejected=rejected.count)
        return self._finish(State.REFUSED, counts, error=error, **self._facts_read(self._reading))

    def _facts_read(self, reading: CsvReader) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "ignored_columns": list(reading.header.ignored) or None,
            "format": reading.format.as_json(),
            "columns": reading.header.as_json(),
        }
        if reading.size == self._upload.size:  # else it was refused half-way, and the hash is not the file's
            facts["sha256"] = reading.sha256
            facts["head_sha256"] = self._head_sha256
        return facts

    def _finish(self, state: State, counts: Counts | None, **facts: Any) -> LoadOutcome:
        ingestion_id = self._upload.version.ingestion_id
        numbers = entries.count_columns(counts)
        with self.timer.stage("record"):
            entries.finish(self._connection, ingestion_id, state, **numbers, **facts)
        return LoadOutcome(ingestion_id, state, counts)


@contextmanager
def _bounded() -> Iterator[None]:
    """What no page of Postgres has room for is the file's fault."""
    try:
        yield
    except psycopg2.errors.ProgramLimitExceeded:
        # Its message is about the table alone, but its context quotes the row.
        raise FileRefused(
            "row_too_large",
            f"A row is {ROW_TOO_LARGE} Nothing was loaded.",
        ) from None


def _require_supported(upload: Upload) -> None:
    if not blob_version.is_supported(upload.version.path):
        raise FileRefused(
            "unsupported_extension",
            f"The file's name ends with none of {', '.join(blob_version.EXTENSIONS)}.",
            supported=list(blob_version.EXTENSIONS),
        )
