"""The use case at the centre: load one version of one blob, once, and write down what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

from azure.storage.blob import ContainerClient
from loguru import logger
from sqlalchemy import Connection, Engine

from shared import faults
from shared.contracts.registry import CONTRACTS
from shared.errors import Contended, LoadFailed, Superseded, Unavailable, Unexpected
from shared.ledger import claiming, ingestions, locks, replays, tries, unsettled
from shared.ledger.claiming import Claim
from shared.ledger.failure import failure
from shared.ledger.progress import Progress
from shared.ledger.state import SETTLED, State
from shared.storage import uploads
from shared.storage.content import Content
from shared.storage.identity import dataset_of
from shared.storage.uploads import Upload
from shared.use_cases.attempt import Attempt, Outcome
from shared.use_cases.unpacking import ArchiveFound, Unpacking, require_file

_WAIT_FOR_LOCK_SECONDS = 10.0
"""How long a delivery waits for another one of the same version before it leaves the load to it."""

_TRIES = 5
"""Tries that end with a bug before no more are made: as many as the platform makes for one event."""

_MOST_ATTEMPTS = 20
"""Tries after which a load that ends without a word is not begun again."""


class Ingesting:
    """Loads blobs of one container through one engine."""

    def __init__(
        self,
        engine: Engine,
        container: ContainerClient,
        default_dataset: str,
        settled: Collection[State] = SETTLED,
        undeclared_datasets: Literal["create", "refuse"] = "create",
    ) -> None:
        """A version whose state is one of `settled` is left as it is."""
        self._engine = engine
        self._container = container
        self._default_dataset = default_dataset
        self._settled = settled
        self._infers = undeclared_datasets == "create"

    def ingest(self, path: str) -> Outcome:
        """Load the current version of the blob at `path`, unless that was done.

        Safe to call any number of times, at the same time too. The file's fault and a failure that no retry
        can mend are recorded and returned. Raises `Unavailable` where a retry may help and `Unexpected` for
        a bug, after noting either in the ledger.
        """
        with faults.translated():
            upload = uploads.find(self._container, path)
        if upload is None:
            return self._vanished(path)
        try:
            return self._deliver(upload, lambda: self._content(upload))
        except Superseded:
            return Outcome(upload.version.ingestion_id, State.SUPERSEDED)

    def _deliver(self, upload: Upload, content: Callable[[], Content]) -> Outcome:
        """Load one file, once, or note in its entry what kept us from it. Raises `Superseded` besides."""
        version = upload.version
        try:
            return self._load(upload, content)
        except Superseded:
            tries.settle(self._engine, version, State.SUPERSEDED, None)
            raise
        except LoadFailed as exc:
            tries.settle(self._engine, version, State.FAILED, failure("load_failed", exc.message))
            return Outcome(version.ingestion_id, State.FAILED)
        except Unavailable as exc:
            tries.note(self._engine, version, failure("unavailable", exc.message, transient=True))
            raise
        except Unexpected as exc:  # of a file in the archive, told there
            tries.note(self._engine, version, failure("unexpected", exc.message))
            raise
        except Exception as exc:  # noqa: BLE001 - the last place that knows which ingestion it was
            unexpected = Unexpected(exc)
            tries.note(self._engine, version, failure("unexpected", unexpected.message))
            logger.bind(ingestion=version.ingestion_id).error("{}\n{}", unexpected, unexpected.frames)
            raise unexpected from None

    def _load(self, upload: Upload, content: Callable[[], Content]) -> Outcome:
        """As a file, or, if its bytes say so, as an archive of files."""
        try:
            return self._ingest_contended(upload, content)
        except ArchiveFound as found:
            archive = found.content
        with faults.translated(), self._engine.begin() as holder:
            return self._unpack(holder, upload, archive)

    def _unpack(self, holder: Connection, upload: Upload, content: Content) -> Outcome:
        """Load the files in an archive while the transaction of `holder` keeps other deliveries away.

        It takes no part in the loads of the dataset: of these each file's own may have to be alone.
        """
        ingestion_id = upload.version.ingestion_id
        if not _wait_for_locks(holder, upload):
            return Outcome(ingestion_id, None)
        entry = ingestions.find(holder, ingestion_id)  # somebody may have been faster since it was claimed
        if entry is not None and (state := replays.state_of(entry)) in self._settled:
            return Outcome(ingestion_id, state)
        dataset = dataset_of(upload.version.path, self._default_dataset)
        unpacking = Unpacking(holder, self._container, upload, dataset, self._deliver)
        outcome = unpacking.run(content, self._settled)
        logger.bind(ingestion=ingestion_id, dataset=dataset).info("archive {}", outcome.state)
        return outcome

    def _ingest_contended(self, upload: Upload, content: Callable[[], Content]) -> Outcome:
        """Beside other loads of the dataset, or, where one of them got in the way, after all of them."""
        try:
            with faults.translated():
                return self._ingest(upload, content, alone=False)
        except Contended as exc:
            logger.bind(ingestion=upload.version.ingestion_id).info("{}; once more, alone", exc)
            # Else it looks like a death.
            tries.note(self._engine, upload.version, failure("contended", exc.message, transient=True))
        with faults.translated():
            return self._ingest(upload, content, alone=True)

    def _ingest(self, upload: Upload, opened: Callable[[], Content], *, alone: bool) -> Outcome:
        ingestion_id = upload.version.ingestion_id
        dataset = dataset_of(upload.version.path, self._default_dataset)
        with self._engine.begin() as load:
            is_inferred = self._infers and dataset not in CONTRACTS
            has_all_locks = not (alone or is_inferred) and locks.acquire_at_once(
                load, upload.version, dataset
            )
            if not (has_all_locks or _wait_for_locks(load, upload)):
                logger.bind(ingestion=ingestion_id).info("another delivery is at work on this version")
                return Outcome(ingestion_id, None)
            claim = self._claim(upload, dataset)
            if claim.state in self._settled:
                logger.bind(ingestion=ingestion_id, state=claim.state).info("settled before")
                return Outcome(ingestion_id, claim.state)
            _require_promising(claim)
            if not (has_all_locks or is_inferred):
                locks.acquire_dataset(load, dataset, alone=alone)
            content = opened()
            require_file(upload, content)
            progress = Progress(self._engine, ingestion_id)
            attempt = Attempt(load, upload, dataset, claim.serial, progress, is_loaded=claim.is_loaded)
            outcome = attempt.run_inferred(content, alone=alone) if is_inferred else attempt.run(content)
        attempt.watch.log(ingestion_id, dataset)
        facts = {"ingestion": ingestion_id, "dataset": dataset, "rows": attempt.rows}
        logger.bind(**facts, attempt=claim.attempts + 1).info("{}", outcome.state)
        return outcome

    def _content(self, upload: Upload) -> Content:
        return Content(lambda: uploads.chunks(self._container, upload.version), upload.size)

    def _claim(self, upload: Upload, dataset: str) -> Claim:
        """In a transaction of its own, so that others see `loading` while the load goes on."""
        with self._engine.begin() as short:
            return claiming.claim(short, upload, dataset, self._settled)

    def _vanished(self, path: str) -> Outcome:
        """The blob was deleted before it could be read: whatever waited for it is superseded."""
        with faults.translated(), self._engine.begin() as short:
            count = unsettled.supersede_others(short, str(self._container.container_name), path, "")
        logger.info("the blob was deleted before it was loaded; {} entries superseded", count)
        return Outcome(None, State.SUPERSEDED)


def _wait_for_locks(load: Connection, upload: Upload) -> bool:
    """Take the locks of the version, or `False`: another delivery of it is at work. Raises `Unavailable`."""
    version = upload.version
    if not locks.acquire(load, version.ingestion_id, _WAIT_FOR_LOCK_SECONDS):
        return False
    if not locks.acquire_path(load, version, _WAIT_FOR_LOCK_SECONDS):
        raise Unavailable(faults.POSTGRES, "an earlier version of the blob is being loaded")
    return True


def _require_promising(claim: Claim) -> None:
    """Raises `LoadFailed` for a file that takes its worker down, or meets the same bug, time and again."""
    if claim.state is State.LOADING and claim.attempts >= _MOST_ATTEMPTS:
        raise LoadFailed(f"the worker died during the load, after {claim.attempts} tries in all")
    lasting = claim.error is not None and not claim.error.get("transient")
    if claim.state is State.RECEIVED and lasting and claim.attempts >= _TRIES:
        raise LoadFailed(f"given up after {claim.attempts} tries: {claim.error and claim.error['detail']}")
