"""One try to load one version of a blob, inside one transaction."""

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
from shared.datasets import catalog, releasing, standing, surveying
from shared.errors import Contended, FileRefused, UnknownDataset, WrongOverride
from shared.faults import POSTGRES, ROW_TOO_LARGE
from shared.formats.overrides import Overrides
from shared.inference.inferred import Found, Look
from shared.ledger import conventions, ingestions, locks, versions
from shared.ledger.counts import Counts
from shared.ledger.state import State
from shared.ledger.twins import Twins
from shared.loading import rejects
from shared.loading.load import Load, Report
from shared.parsing.batches import Reading
from shared.parsing.columns import Columns, Mapped, OfContract
from shared.queries import load_rows
from shared.stopwatch import Stopwatch
from shared.storage import asked_key, names
from shared.storage.content import Content
from shared.storage.uploads import Upload


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery; `state` is `None` where another one is at work on the same version."""

    ingestion_id: uuid.UUID | None
    state: State | None
    counts: Counts | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a file is read, and as what; `found` by a first pass, if there was one."""

    contract: type[Contract]
    columns: Columns
    told: Overrides
    found: Found | None = None

    def read(self, content: Content) -> Reading:
        """The file with `content`, from its beginning."""
        if self.found is None:
            return Reading(content, self.columns, self.told)
        found = self.found
        return Reading(content, self.columns, self.told, format=found.format, footers=found.footers)


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
        self._reading: Reading | None = None
        self._head_sha256: str | None = None
        self._load: Load | Look | None = None
        self.watch = Stopwatch()
        self._twins = Twins(connection, upload.version.ingestion_id, dataset, upload.size, self.watch)

    @property
    def rows(self) -> int:
        """Rows read so far."""
        return self._load.rows_read if self._load else 0

    def run(self, content: Content) -> Outcome:
        """Load the file that has `content`, or record why it cannot be; the caller commits.

        The caller takes part in the loads of the dataset. Raises `Contended`.
        """
        with rejects.Spool(self._upload.version.ingestion_id) as rejected:
            try:
                contract = registry.find(self._dataset)
                _require_supported(self._upload)
                asked_key.require_of(contract, asked_key.parse(self._upload.metadata))
                told = self._told().over(contract.file_format)
                return self._bring(content, Way(contract, OfContract(contract), told), rejected)
            except (FileRefused, UnknownDataset, WrongOverride) as exc:
                return self._refuse(exc, rejected)

    def run_inferred(self, content: Content, *, alone: bool) -> Outcome:
        """The same for a dataset that nobody declared; the caller takes no part in its loads yet.

        That is for here to do, `alone` or beside others, once the table fits the file.
        """
        with rejects.Spool(self._upload.version.ingestion_id) as rejected:
            try:
                _require_supported(self._upload)
                return self._bring_inferred(content, rejected, alone=alone)
            except (FileRefused, WrongOverride) as exc:
                return self._refuse(exc, rejected)

    def _told(self) -> Overrides:
        """What is told about the file, and how the file that it corrects writes numbers."""
        told = Overrides.parse(self._upload.metadata, "csv_")
        return told.over(conventions.of_corrected(self._connection, self._upload.metadata))

    def _bring_inferred(self, content: Content, rejected: rejects.Spool, *, alone: bool) -> Outcome:
        sha256 = self._twins.likely_sha256(content)
        told = self._told()
        if sha256 and self._twins.find(sha256) and catalog.find(self._connection, self._dataset):
            if asked_key.parse(self._upload.metadata):  # it is the same key, or the file is refused
                surveying.begin(self._connection, self._upload, self._dataset, content, told)
            return self._duplicate_of_inferred(sha256, alone=alone)
        with rejects.Spool(self._upload.version.ingestion_id) as seen:  # the load rejects them once more
            try:
                look = self._load = surveying.begin(
                    self._connection, self._upload, self._dataset, content, told
                )
                self._reading = look.reading
                with self.watch.stage("infer"):
                    found = look.run(seen.add, report=self._report)
                ready = surveying.end(self._connection, self._upload, self._dataset, found, alone=alone)
            except FileRefused as exc:
                return self._refuse(exc, seen)
        way = Way(ready.dataset.contract, Mapped(ready.fields), told, found)
        return self._bring(content, way, rejected)

    def _bring(self, content: Content, way: Way, rejected: rejects.Spool) -> Outcome:
        self._head_sha256 = content.head_sha256
        contract = way.contract
        sha256 = self._twins.likely_sha256(content, way.found.sha256 if way.found else None)
        if sha256 and (twin := self._twins.find_for(contract, sha256)):
            return self._duplicate(contract, twin, sha256)
        reading = self._reading = way.read(content)
        load = self._load = Load(self._connection, contract, self._serial, rejected, self.watch)
        standing.require_same(self._connection, contract, is_declared=way.found is None)
        with _bounded(), self._connection.begin_nested() as loaded:  # refused half-way, it leaves no rows
            if self._is_loaded:
                load_rows.hand_over(self._connection, contract, {self._serial: None})
            load.run(reading, self._upload.size, self._report)
            twin = self._twins.find_last(reading.sha256)
            if twin:
                loaded.rollback()
            else:
                counts = load.settle(reading)
        if twin:  # the lock under which it was found went with the rows: it is looked for once more
            return self._duplicate(contract, self._twins.require_last(reading.sha256), reading.sha256)
        self._replace_earlier(contract, None)
        with self.watch.stage("rejects", rejected.count):
            rejected.keep(self._connection)
        facts = self._facts_read(reading)
        facts["format"]["last_line"] = load.last_line
        return self._finish(State.LOADED, counts, **facts)

    def _duplicate_of_inferred(self, sha256: str, *, alone: bool) -> Outcome:
        """A file need not be looked at whose bytes are there, if they still are."""
        locks.acquire_dataset(self._connection, self._dataset, alone=alone)
        known = catalog.find(self._connection, self._dataset)
        if known is None:
            raise Contended(POSTGRES, "the dataset went away at this moment")
        return self._duplicate(known.contract, self._twins.require_last(sha256), sha256)

    def _replace_earlier(self, contract: type[Contract], twin: uuid.UUID | None) -> None:
        """Without a key nothing tells which rows a new version of the blob means: it brings all of them."""
        if not contract.key:
            with self.watch.stage("replace"):
                heirs = versions.replace_earlier(self._connection, self._upload.version, self._dataset, twin)
                load_rows.hand_over(self._connection, contract, heirs)

    def _let_go(self, state: State) -> None:
        """What was loaded before and is not now has no rows any more."""
        if self._is_loaded:
            releasing.release(self._connection, self._upload.version.ingestion_id, state)

    def _duplicate(self, contract: type[Contract], twin: uuid.UUID, sha256: str) -> Outcome:
        self._let_go(State.DUPLICATE)
        self._replace_earlier(contract, twin)
        rejects.clear(self._connection, self._upload.version.ingestion_id)
        return self._finish(State.DUPLICATE, None, duplicate_of=twin, sha256=sha256)

    def _refuse(self, exc: FileRefused | UnknownDataset | WrongOverride, rejected: rejects.Spool) -> Outcome:
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

    def _facts_read(self, reading: Reading) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "ignored_columns": list(reading.header.ignored) or None,
            "format": reading.format.as_json(),
            "columns": reading.header.as_json(),
        }
        if reading.size == self._upload.size:  # else it was refused half-way, and the hash is not the file's
            facts["sha256"] = reading.sha256
            facts["head_sha256"] = self._head_sha256
        return facts

    def _finish(self, state: State, counts: Counts | None, **facts: Any) -> Outcome:
        ingestion_id = self._upload.version.ingestion_id
        numbers = ingestions.count_columns(counts)
        with self.watch.stage("record"):
            ingestions.finish(self._connection, ingestion_id, state, **numbers, **facts)
        return Outcome(ingestion_id, state, counts)


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
    if not names.is_supported(upload.version.path):
        raise FileRefused(
            "unsupported_extension",
            f"The file's name ends with none of {', '.join(names.EXTENSIONS)}.",
            supported=list(names.EXTENSIONS),
        )
