"""One try to load one version of a blob, inside one transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared import rows
from shared.contracts import registry
from shared.contracts.base import Contract
from shared.errors import Contended, FileRefused, UnknownDataset, WrongOverride
from shared.faults import POSTGRES
from shared.formats.overrides import Overrides
from shared.ledger import ingestions, rejects, versions
from shared.ledger.counts import Counts
from shared.ledger.state import State
from shared.loading.load import Load, Report
from shared.reading.batches import Reading
from shared.reading.columns import OfContract
from shared.stopwatch import Stopwatch
from shared.storage import names
from shared.storage.content import Content
from shared.storage.uploads import Upload


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery; `state` is `None` where another one is at work on the same version."""

    ingestion_id: uuid.UUID | None
    state: State | None
    counts: Counts | None = None


class Attempt:
    """One try, in the transaction of `connection`, which commits the rows and the entry together."""

    def __init__(
        self, connection: Connection, upload: Upload, dataset: str, serial: int, report: Report
    ) -> None:
        self._connection = connection
        self._upload = upload
        self._dataset = dataset
        self._serial = serial
        self._report = report
        self._reading: Reading | None = None
        self._head_sha256: str | None = None
        self._load: Load | None = None
        self.watch = Stopwatch()

    @property
    def rows(self) -> int:
        """Rows read so far."""
        return self._load.rows_read if self._load else 0

    def run(self, content: Content) -> Outcome:
        """Load the file that has `content`, or record why it cannot be; the caller commits."""
        with rejects.Spool(self._upload.version.ingestion_id) as rejected:
            try:
                contract = registry.find(self._dataset)
                _require_supported(self._upload)
                return self._bring(content, contract, rejected)
            except (FileRefused, UnknownDataset, WrongOverride) as exc:
                return self._refuse(exc, rejected)

    def _bring(self, content: Content, contract: type[Contract], rejected: rejects.Spool) -> Outcome:
        self._head_sha256 = content.head_sha256
        sha256 = self._hash_of_likely_twin(content)
        # Without a key, another load may be replacing the twin at this moment: the lock waits for it.
        find_twin = ingestions.find_loaded_twin if contract.key else ingestions.find_last_twin
        if sha256 and (twin := find_twin(self._connection, self._dataset, sha256, self._upload.size)):
            return self._duplicate(contract, twin, sha256)
        told = Overrides.parse(self._upload.metadata, "csv_").over(contract.file_format)
        reading = self._reading = Reading(content, OfContract(contract), told)
        load = self._load = Load(self._connection, contract, self._serial, rejected, self.watch)
        with self._connection.begin_nested() as loaded:  # a file refused half-way leaves none of them
            load.run(reading, self._upload.size, self._report)
            twin = ingestions.find_last_twin(self._connection, self._dataset, reading.sha256, reading.size)
            if twin:
                loaded.rollback()
            else:
                counts = load.settle(reading)
        if twin:
            return self._late_duplicate(contract, reading)
        self._replace_earlier(contract, None)
        with self.watch.stage("rejects", rejected.count):
            rejected.keep(self._connection)
        return self._finish(State.LOADED, counts, **self._facts_read(reading))

    def _late_duplicate(self, contract: type[Contract], reading: Reading) -> Outcome:
        """The lock under which the twin was found went with the rows: it is looked for once more."""
        twin = ingestions.find_last_twin(self._connection, self._dataset, reading.sha256, reading.size)
        if twin is None:
            raise Contended(POSTGRES, "a load of the same bytes was replaced at this moment")
        return self._duplicate(contract, twin, reading.sha256)

    def _replace_earlier(self, contract: type[Contract], twin: uuid.UUID | None) -> None:
        """Without a key nothing tells which rows a new version of the blob means: it brings all of them."""
        if not contract.key:
            with self.watch.stage("replace"):
                heirs = versions.replace_earlier(self._connection, self._upload.version, self._dataset, twin)
                rows.hand_over(self._connection, contract, heirs)

    def _hash_of_likely_twin(self, content: Content) -> str | None:
        """The file's SHA-256, read for it alone, if one of that size and beginning was loaded before.

        Metadata could tell a hash without reading, but anyone who can write the blob can write that.
        """
        size, head = self._upload.size, content.head_sha256
        if not ingestions.has_loaded_alike(self._connection, self._dataset, size, head):
            return None
        with self.watch.stage("hash"):
            return content.sha256()

    def _duplicate(self, contract: type[Contract], twin: uuid.UUID, sha256: str) -> Outcome:
        self._replace_earlier(contract, twin)
        rejects.clear(self._connection, self._upload.version.ingestion_id)
        return self._finish(State.DUPLICATE, None, duplicate_of=twin, sha256=sha256)

    def _refuse(self, exc: FileRefused | UnknownDataset | WrongOverride, rejected: rejects.Spool) -> Outcome:
        code = "unknown_dataset" if isinstance(exc, UnknownDataset) else "wrong_override"
        error: dict[str, Any] = {"code": code, "detail": exc.message}
        if isinstance(exc, FileRefused):
            error = {"code": exc.code, "detail": exc.message, **exc.facts}
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
        numbers = ingestions.count_columns(counts) if counts else {}
        with self.watch.stage("record"):
            ingestions.finish(self._connection, ingestion_id, state, **numbers, **facts)
        return Outcome(ingestion_id, state, counts)


def _require_supported(upload: Upload) -> None:
    if not names.is_supported(upload.version.path):
        raise FileRefused(
            "unsupported_extension",
            f"The file's name ends with none of {', '.join(names.EXTENSIONS)}.",
            supported=list(names.EXTENSIONS),
        )
