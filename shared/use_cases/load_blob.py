"""Loads one blob version exactly once and records the result in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Connection, Engine

from shared import driver_errors
from shared.contracts.registry import CONTRACTS
from shared.errors import ConcurrencyConflict, LoadFailed, Superseded, Unavailable, Unexpected
from shared.ledger import entries, locks, transitions
from shared.ledger.entries import Progress
from shared.ledger.tables import FINAL_STATES, State, failure_json
from shared.ledger.transitions import Claim
from shared.storage import blobs
from shared.storage.blob_version import dataset_of
from shared.storage.blobs import Upload
from shared.storage.content import Content
from shared.use_cases.load_archive import ArchiveLoader, IsArchive, require_file
from shared.use_cases.load_file import Attempt, LoadOutcome

_WAIT_FOR_LOCK_SECONDS = 10.0
"""How long a delivery waits for another one of the same version before it leaves the load to it."""

_TRIES = 5
"""Tries that end with a bug before no more are made: as many as the platform makes for one event."""

_MOST_ATTEMPTS = 20
"""Tries after which a load that ends without a word is not begun again."""


class BlobLoader:
    """Loads blobs of one container through one engine."""

    def __init__(
        self,
        engine: Engine,
        container: ContainerClient,
        default_dataset: str,
        settled: Collection[State] = FINAL_STATES,
        undeclared_datasets: Literal["create", "refuse"] = "create",
    ) -> None:
        """A version whose state is one of `settled` is left as it is."""
        self._engine = engine
        self._container = container
        self._default_dataset = default_dataset
        self._settled = settled
        self._infers = undeclared_datasets == "create"

    def load(self, path: str) -> LoadOutcome:
        """Load the current version of the blob at `path`, unless that was done.

        Safe to call any number of times, at the same time too. The file's fault and a failure that no retry
        can mend are recorded and returned. Raises `Unavailable` where a retry may help and `Unexpected` for
        a bug, after noting either in the ledger.
        """
        with driver_errors.translate_errors():
            upload = blobs.find(self._container, path)
        if upload is None:
            return self._vanished(path)
        try:
            return self._deliver(upload, lambda: self._content(upload))
        except Superseded:
            return LoadOutcome(upload.version.ingestion_id, State.SUPERSEDED)

    def _deliver(self, upload: Upload, content: Callable[[], Content]) -> LoadOutcome:
        """Load one file, once, or note in its entry what kept us from it. Raises `Superseded` besides."""
        version = upload.version
        try:
            return self._load(upload, content)
        except Superseded:
            transitions.record_final_failure(self._engine, version, State.SUPERSEDED, None)
            raise
        except LoadFailed as exc:
            transitions.record_final_failure(
                self._engine, version, State.FAILED, failure_json("load_failed", exc.message)
            )
            return LoadOutcome(version.ingestion_id, State.FAILED)
        except Unavailable as exc:
            transitions.record_failure(
                self._engine, version, failure_json("unavailable", exc.message, transient=True)
            )
            raise
        except Unexpected as exc:  # of a file in the archive, told there
            transitions.record_failure(self._engine, version, failure_json("unexpected", exc.message))
            raise
        except Exception as exc:  # noqa: BLE001 - the last place that knows which ingestion it was
            unexpected = Unexpected(exc)
            transitions.record_failure(self._engine, version, failure_json("unexpected", unexpected.message))
            logger.bind(ingestion=version.ingestion_id).error("{}\n{}", unexpected, unexpected.frames)
            raise unexpected from None

    def _load(self, upload: Upload, content: Callable[[], Content]) -> LoadOutcome:
        """As a file, or, if its bytes say so, as an archive of files."""
        try:
            return self._ingest_contended(upload, content)
        except IsArchive as found:
            archive = found.content
        with driver_errors.translate_errors(), self._engine.begin() as holder:
            return self._unpack(holder, upload, archive)

    def _unpack(self, holder: Connection, upload: Upload, content: Content) -> LoadOutcome:
        """Load the files in an archive while the transaction of `holder` keeps other deliveries away.

        It takes no part in the loads of the dataset: of these each file's own may have to be alone.
        """
        ingestion_id = upload.version.ingestion_id
        if not _wait_for_locks(holder, upload):
            return LoadOutcome(ingestion_id, None)
        entry = entries.find_entry(holder, ingestion_id)  # somebody may have been faster since it was claimed
        if entry is not None and (state := transitions.visible_state(entry)) in self._settled:
            return LoadOutcome(ingestion_id, state)
        dataset = dataset_of(upload.version.path, self._default_dataset)
        unpacking = ArchiveLoader(holder, self._container, upload, dataset, self._deliver)
        outcome = unpacking.run(content, self._settled)
        logger.bind(ingestion=ingestion_id, dataset=dataset).info("archive {}", outcome.state)
        return outcome

    def _ingest_contended(self, upload: Upload, content: Callable[[], Content]) -> LoadOutcome:
        """Beside other loads of the dataset, or, where one of them got in the way, after all of them."""
        try:
            with driver_errors.translate_errors():
                return self._ingest(upload, content, exclusive=False)
        except ConcurrencyConflict as exc:
            logger.bind(ingestion=upload.version.ingestion_id).info("{}; once more, alone", exc)
            # Else it looks like a death.
            transitions.record_failure(
                self._engine, upload.version, failure_json("contended", exc.message, transient=True)
            )
        with driver_errors.translate_errors():
            return self._ingest(upload, content, exclusive=True)

    def _ingest(self, upload: Upload, opened: Callable[[], Content], *, exclusive: bool) -> LoadOutcome:
        ingestion_id = upload.version.ingestion_id
        dataset = dataset_of(upload.version.path, self._default_dataset)
        with self._engine.begin() as load:
            is_inferred = self._infers and dataset not in CONTRACTS
            has_all_locks = not (exclusive or is_inferred) and locks.try_acquire_all(
                load, upload.version, dataset
            )
            if not (has_all_locks or _wait_for_locks(load, upload)):
                logger.bind(ingestion=ingestion_id).info("another delivery is at work on this version")
                return LoadOutcome(ingestion_id, None)
            claim = self._claim(upload, dataset)
            if claim.state in self._settled:
                logger.bind(ingestion=ingestion_id, state=claim.state).info("settled before")
                return LoadOutcome(ingestion_id, claim.state)
            _check_attempts_left(claim)
            if not (has_all_locks or is_inferred):
                locks.acquire_dataset(load, dataset, exclusive=exclusive)
            content = opened()
            require_file(upload, content)
            progress = Progress(self._engine, ingestion_id)
            attempt = Attempt(load, upload, dataset, claim.serial, progress, is_loaded=claim.is_loaded)
            outcome = (
                attempt.run_inferred(content, exclusive=exclusive) if is_inferred else attempt.run(content)
            )
        attempt.timer.log(ingestion_id, dataset)
        facts = {"ingestion": ingestion_id, "dataset": dataset, "rows": attempt.rows}
        logger.bind(**facts, attempt=claim.attempts + 1).info("{}", outcome.state)
        return outcome

    def _content(self, upload: Upload) -> Content:
        return Content(lambda: blobs.stream(self._container, upload.version), upload.size)

    def _claim(self, upload: Upload, dataset: str) -> Claim:
        """In a transaction of its own, so that others see `loading` while the load goes on."""
        with self._engine.begin() as short:
            return transitions.claim(short, upload, dataset, self._settled)

    def _vanished(self, path: str) -> LoadOutcome:
        """The blob was deleted before it could be read: whatever waited for it is superseded."""
        with driver_errors.translate_errors(), self._engine.begin() as short:
            count = transitions.supersede_others(short, str(self._container.container_name), path, "")
        logger.info("the blob was deleted before it was loaded; {} entries superseded", count)
        return LoadOutcome(None, State.SUPERSEDED)


def _wait_for_locks(load: Connection, upload: Upload) -> bool:
    """Take the locks of the version, or `False`: another delivery of it is at work. Raises `Unavailable`."""
    version = upload.version
    if not locks.acquire_version(load, version.ingestion_id, _WAIT_FOR_LOCK_SECONDS):
        return False
    if not locks.acquire_path(load, version, _WAIT_FOR_LOCK_SECONDS):
        raise Unavailable(driver_errors.POSTGRES, "an earlier version of the blob is being loaded")
    return True


def _check_attempts_left(claim: Claim) -> None:
    """Raises `LoadFailed` for a file that takes its worker down, or meets the same bug, time and again."""
    if claim.state is State.LOADING and claim.attempts >= _MOST_ATTEMPTS:
        raise LoadFailed(f"the worker died during the load, after {claim.attempts} tries in all")
    lasting = claim.error is not None and not claim.error.get("transient")
    if claim.state is State.RECEIVED and lasting and claim.attempts >= _TRIES:
        raise LoadFailed(f"given up after {claim.attempts} tries: {claim.error and claim.error['detail']}")
