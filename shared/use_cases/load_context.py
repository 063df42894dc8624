"""What one load of a file works with, how far it has read, and what it returns."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.inference.infer_file import FileInference
from shared.ledger.duplicates import Duplicates
from shared.ledger.tables import Counts, State
from shared.loading.file_loader import FileLoader, Report
from shared.loading.reject_spool import RejectSpool
from shared.parsing.reader import CsvReader
from shared.stage_timer import StageTimer
from shared.storage.blobs import Upload


@dataclass(frozen=True, slots=True)
class LoadContext:
    """One load of one file, in the transaction of `connection`.

    `serial` marks the rows of the load in the table. `is_reload`: the load replaces the rows that it wrote
    before. `report` takes the number of rows and of bytes read so far.
    """

    connection: Connection
    upload: Upload
    dataset: str
    serial: int
    is_reload: bool
    report: Report
    timer: StageTimer

    @property
    def ingestion_id(self) -> uuid.UUID:
        """The id of the entry in the ledger."""
        return self.upload.version.ingestion_id

    @property
    def duplicates(self) -> Duplicates:
        """The search for earlier loads of the same bytes."""
        return Duplicates(self.connection, self.ingestion_id, self.dataset, self.upload.size, self.timer)


@dataclass(slots=True)
class ReadProgress:
    """The latest pass over a file and its rejects, so that a refusal can record how far it came."""

    rejects: RejectSpool
    reader: CsvReader | None = None
    counter: FileInference | FileLoader | None = None
    """Counts the rows of the pass."""

    def begin(self, reader: CsvReader, counter: FileInference | FileLoader, rejects: RejectSpool) -> None:
        """Begin a pass; a file without a contract has two."""
        self.reader, self.counter, self.rejects = reader, counter, rejects


@dataclass(frozen=True, slots=True)
class LoadOutcome:
    """The result of one delivery; `state` is `None` if another delivery is loading the same version."""

    ingestion_id: uuid.UUID | None
    state: State | None
    counts: Counts | None = None
