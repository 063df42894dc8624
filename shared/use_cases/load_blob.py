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
from shared.ledger.tables import FINAL_STATES, State, failure_json
from shared.ledger.transitions import Claim
from shared.stage_timer import StageTimer
from shared.storage import blob_version, blobs
from shared.storage.blobs import Upload
from shared.storage.content import Content
from shared.use_cases.load_archive import ArchiveLoader
from shared.use_cases.load_context import LoadContext, LoadOutcome
from shared.use_cases.load_file import load_file

_WAIT_FOR_LOCK_SECONDS = 10.0
"""How long a delivery waits for another delivery of the same version before it leaves the load to it."""

_MAX_UNEXPECTED_ERRORS = 5
"""Attempts that may end with an unexpected error: as many as the platform makes for one event."""

_MAX_ATTEMPTS = 20
"""Attempts after which a load that ended without a result is not started again."""


class BlobLoader:
    """Loads blobs of one container through one engine."""

    def __init__(
        self,
        engine: Engine,
        container: ContainerClient,
        default_dataset: str,
        final_states: Collection[State] = FINAL_STATES,
        undeclared_datasets: Literal["create", "refuse"] = "create",
    ) -> None:
        """A blob version whose state is one of `final_states` is not loaded again."""
        self._engine = engine
        self._container = container
        self._default_dataset = default_dataset
        self._final_states = final_states
        self._infers = undeclared_datasets == "create"

    def load(self, path: str) -> LoadOutcome:
        """Load the current version of the blob at `path`, unless it is loaded already.

        Safe to call any number of times, also concurrently. Errors in the file, and failures that no retry
        can fix, are recorded and returned. Raises `Unavailable` if a retry may help and `Unexpected` for a
        bug; both are recorded first.
        """
        with driver_errors.translate_errors():
            upload = blobs.find(self._container, path)
        if upload is None:
            return self._mark_deleted(path)
        version = upload.version
        try:
            return self._load_and_record_failure(
                upload, lambda: Content(lambda: blobs.stream(self._container, version), upload.size)
            )
        except Superseded:
            return LoadOutcome(version.ingestion_id, State.SUPERSEDED)

    def _load_and_record_failure(self, upload: Upload, open_content: Callable[[], Content]) -> LoadOutcome:
        """Load a file or an archive member; record a failure in its entry. Raises `Superseded`, too."""
        version = upload.version
        try:
            return self._load_with_retry(upload, open_content)
        except Superseded:
            transitions.record_final_failure(self._engine, version, State.SUPERSEDED, None)
            raise
        except LoadFailed as exc:
            error = failure_json("load_failed", exc.message)
            transitions.record_final_failure(self._engine, version, State.FAILED, error)
            return LoadOutcome(version.ingestion_id, State.FAILED)
        except Unavailable as exc:
            error = failure_json("unavailable", exc.message, transient=True)
            transitions.record_failure(self._engine, version, error)
            raise
        except Unexpected as exc:  # of an archive member, which has logged it
            transitions.record_failure(self._engine, version, failure_json("unexpected", exc.message))
            raise
        except Exception as exc:  # noqa: BLE001 - the last place that knows which ingestion it was
            unexpected = Unexpected(exc)
            transitions.record_failure(self._engine, version, failure_json("unexpected", unexpected.message))
            logger.bind(ingestion=version.ingestion_id).error("{}\n{}", unexpected, unexpected.frames)
            raise unexpected from None

    def _load_with_retry(self, upload: Upload, open_content: Callable[[], Content]) -> LoadOutcome:
        """Load concurrently with other loads of the dataset; after a conflict with one, load exclusively."""
        try:
            with driver_errors.translate_errors():
                result = self._load_once(upload, open_content, exclusive=False)
        except ConcurrencyConflict as exc:
            logger.bind(ingestion=upload.version.ingestion_id).info("{}; retrying exclusively", exc)
            # Recorded, because an attempt without a record counts as a crash.
            error = failure_json("contended", exc.message, transient=True)
            transitions.record_failure(self._engine, upload.version, error)
            with driver_errors.translate_errors():
                result = self._load_once(upload, open_content, exclusive=True)
        if isinstance(result, LoadOutcome):
            return result
        with driver_errors.translate_errors():
            return self._load_archive(upload, result)

    def _load_once(
        self, upload: Upload, open_content: Callable[[], Content], *, exclusive: bool
    ) -> LoadOutcome | Content:
        """Load a file in one transaction: locks, claim, rows, entry. Returns the content of an archive."""
        ingestion_id = upload.version.ingestion_id
        dataset = blob_version.dataset_of(upload.version.path, self._default_dataset)
        is_inferred = self._infers and dataset not in CONTRACTS
        with self._engine.begin() as connection:
            has_all_locks = not (exclusive or is_inferred) and locks.try_acquire_all(
                connection, upload.version, dataset
            )
            if not (has_all_locks or _wait_for_version(connection, upload)):
                logger.bind(ingestion=ingestion_id).info("another delivery is loading this version")
                return LoadOutcome(ingestion_id, None)
            claim = self._claim(upload, dataset)
            if claim.state in self._final_states:
                logger.bind(ingestion=ingestion_id, state=claim.state).info("already finished")
                return LoadOutcome(ingestion_id, claim.state)
            _check_attempts_left(claim)
            if not (has_all_locks or is_inferred):  # inferred: once the table fits the file
                locks.acquire_dataset(connection, dataset, exclusive=exclusive)
            content = open_content()
            if _may_be_archive(upload) and content.is_zip:
                return content
            report, timer = entries.Progress(self._engine, ingestion_id), StageTimer()
            ctx = LoadContext(connection, upload, dataset, claim.serial, claim.is_loaded, report, timer)
            outcome = load_file(ctx, content, is_inferred=is_inferred, exclusive=exclusive)
        timer.log(ingestion_id, dataset)
        rows = outcome.counts.read if outcome.counts else 0
        facts = {"ingestion": ingestion_id, "dataset": dataset, "rows": rows, "attempt": claim.attempts + 1}
        logger.bind(**facts).info("{}", outcome.state)
        return outcome

    def _load_archive(self, upload: Upload, content: Content) -> LoadOutcome:
        """Load the files of an archive; a transaction without rows holds the locks of the archive.

        It does not hold the lock of the dataset, because the load of a member may need it exclusively.
        """
        ingestion_id = upload.version.ingestion_id
        with self._engine.begin() as holder:
            if not _wait_for_version(holder, upload):
                return LoadOutcome(ingestion_id, None)
            # another delivery may have finished it meanwhile
            entry = entries.find_entry(holder, ingestion_id)
            if entry is not None and (state := transitions.visible_state(entry)) in self._final_states:
                return LoadOutcome(ingestion_id, state)
            dataset = blob_version.dataset_of(upload.version.path, self._default_dataset)
            archive = ArchiveLoader(holder, self._container, upload, dataset, self._load_and_record_failure)
            outcome = archive.run(content, self._final_states)
            logger.bind(ingestion=ingestion_id, dataset=dataset).info("archive {}", outcome.state)
            return outcome

    def _claim(self, upload: Upload, dataset: str) -> Claim:
        """Claim the entry in a transaction of its own, so that others see `loading` during the load."""
        with self._engine.begin() as short:
            return transitions.claim(short, upload, dataset, self._final_states)

    def _mark_deleted(self, path: str) -> LoadOutcome:
        """Mark the pending entries of a blob that was deleted before it was loaded as superseded."""
        with driver_errors.translate_errors(), self._engine.begin() as short:
            count = transitions.supersede_others(short, str(self._container.container_name), path, "")
        logger.info("the blob was deleted before it was loaded; {} entries superseded", count)
        return LoadOutcome(None, State.SUPERSEDED)


def _wait_for_version(connection: Connection, upload: Upload) -> bool:
    """Take the locks of the version, or return `False`: another delivery holds them. Raises `Unavailable`."""
    version = upload.version
    if not locks.acquire_version(connection, version.ingestion_id, _WAIT_FOR_LOCK_SECONDS):
        return False
    if not locks.acquire_path(connection, version, _WAIT_FOR_LOCK_SECONDS):
        raise Unavailable(driver_errors.POSTGRES, "an earlier version of the blob is being loaded")
    return True


def _may_be_archive(upload: Upload) -> bool:
    """An archive within an archive is not unpacked, and a file with another extension is refused as it is."""
    return not upload.version.member and blob_version.is_supported(upload.version.path)


def _check_attempts_left(claim: Claim) -> None:
    """Raise `LoadFailed` for a file whose loads crash the worker, or end with a bug, again and again."""
    if claim.state is State.LOADING and claim.attempts >= _MAX_ATTEMPTS:
        raise LoadFailed(f"the worker died during the load, after {claim.attempts} tries in all")
    is_permanent = claim.error is not None and not claim.error.get("transient")
    if claim.state is State.RECEIVED and is_permanent and claim.attempts >= _MAX_UNEXPECTED_ERRORS:
        raise LoadFailed(f"given up after {claim.attempts} tries: {claim.error and claim.error['detail']}")
