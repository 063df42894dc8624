"""Finds earlier loads of the same bytes into the same dataset."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, or_, select, text

from shared.contracts.base import Contract
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict
from shared.ledger import locks
from shared.ledger.tables import State, ingestions
from shared.stage_timer import StageTimer
from shared.storage.content import Content

_FIND = """
    select id from ingest.ingestions
    where dataset = :dataset and sha256 = :sha256 and size = :size and id <> cast(:own as uuid)
    and state = 'loaded' and replaced_by is null"""
_FIND_ONLY = text(_FIND).columns(ingestions.c.id)
# Two statements, so that the second one sees what was committed while the first one waited.
_LOCK_AND_FIND = text(f"{locks.ACQUIRE_CONTENT}; {_FIND}").columns(ingestions.c.id)
_FIND_SIMILAR = (
    select(ingestions.c.id)
    .where(
        ingestions.c.dataset == bindparam("dataset"),
        ingestions.c.id != bindparam("own"),
        ingestions.c.size == bindparam("size"),
        ingestions.c.state == State.LOADED,
        or_(ingestions.c.head_sha256 == bindparam("head_sha256"), ingestions.c.head_sha256.is_(None)),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Searches for loads of the bytes that ingestion `own` is to load into `dataset`; they are `size` bytes.

    The result is the id of an ingestion that is `loaded` and whose rows were not replaced, never `own`
    itself, which is `loaded` if it is replayed. The methods that lock take the lock of these bytes in this
    dataset: they wait for other transactions that hold it, and keep it until the transaction ends or rolls
    back to an earlier savepoint. Until then no other transaction can commit a load of the same bytes, or
    remove or replace their rows.
    """

    connection: Connection
    own: uuid.UUID
    dataset: str
    size: int
    timer: StageTimer = field(default_factory=StageTimer)

    def sha256_if_similar_exists(self, content: Content, known: str | None = None) -> str | None:
        """The SHA-256 of the file if a file with the same size and first megabyte was loaded, else `None`.

        Unless it is `known`, the whole file is read for it. The blob's metadata could have the hash, but
        anyone who may write the blob can write any hash there.
        """
        similar = {"dataset": self.dataset, "own": self.own, "size": self.size}
        if self.connection.scalar(_FIND_SIMILAR, {**similar, "head_sha256": content.head_sha256}) is None:
            return None
        if known:
            return known
        with self.timer.stage("hash"):
            return content.sha256()

    def find(self, sha256: str) -> uuid.UUID | None:
        """Find a duplicate without a lock: its rows may be removed at any moment."""
        found: uuid.UUID | None = self.connection.scalar(_FIND_ONLY, self._parameters(sha256))
        return found

    def lock_and_find(self, sha256: str) -> uuid.UUID | None:
        """Lock, then find a duplicate."""
        found: uuid.UUID | None = self.connection.scalar(_LOCK_AND_FIND, self._parameters(sha256))
        return found

    def lock_and_find_if_likely(self, contract: type[Contract], sha256: str) -> uuid.UUID | None:
        """Lock, then find a duplicate, if there is one already or the dataset has no key.

        Without a key, another load could become the duplicate later and would double the rows.
        """
        is_likely = not contract.key or self.find(sha256) is not None
        return self.lock_and_find(sha256) if is_likely else None

    def lock_and_require(self, sha256: str) -> uuid.UUID:
        """Lock, then find the duplicate that an earlier search found.

        Raises `ConcurrencyConflict` if its rows have been removed or replaced since.
        """
        duplicate = self.lock_and_find(sha256)
        if duplicate is None:
            raise ConcurrencyConflict(POSTGRES, "a load of the same bytes was removed or replaced meanwhile")
        return duplicate

    def _parameters(self, sha256: str) -> dict[str, str | int]:
        return {"dataset": self.dataset, "sha256": sha256, "size": self.size, "own": str(self.own)}
