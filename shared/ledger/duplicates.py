"""Finds earlier loads of the same bytes into the same dataset."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select, text

from shared.contracts.base import Contract
from shared.driver_errors import POSTGRES
from shared.errors import ConcurrencyConflict
from shared.ledger import locks
from shared.ledger.tables import State, ingestions
from shared.stage_timer import StageTimer
from shared.storage.content import Content

_FIND_DUPLICATE = """
    select id from ingest.ingestions
    where dataset = :dataset and sha256 = :sha256 and size = :size and id <> cast(:own as uuid)
    and state = 'loaded' and replaced_by is null"""


_DUPLICATE = text(_FIND_DUPLICATE).columns(ingestions.c.id)


# Two statements, so that the second one sees what was committed while the first one waited.
_DUPLICATE_AFTER_WAIT = text(f"{locks.ACQUIRE_CONTENT}; {_FIND_DUPLICATE}").columns(ingestions.c.id)


_SIMILAR = (
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


def find_duplicate(
    connection: Connection, dataset: str, sha256: str, size: int, own: uuid.UUID
) -> uuid.UUID | None:
    """The ingestion that loaded the same bytes into `dataset`, if any, unless its rows were replaced.

    That is another one than `own`, which is loaded itself where it is a replay.
    """
    facts = {"dataset": dataset, "sha256": sha256, "size": size, "own": str(own)}
    duplicate: uuid.UUID | None = connection.scalar(_DUPLICATE, facts)
    return duplicate


def find_duplicate_after_wait(
    connection: Connection, dataset: str, sha256: str, size: int, own: uuid.UUID
) -> uuid.UUID | None:
    """As `find_loaded_twin`, after waiting until no other transaction is about to load the same bytes.

    From then on others wait for ours, so no twin can come between this and the commit.
    """
    facts = {"dataset": dataset, "sha256": sha256, "size": size, "own": str(own)}
    duplicate: uuid.UUID | None = connection.scalar(_DUPLICATE_AFTER_WAIT, facts)
    return duplicate


def has_similar_load(
    connection: Connection, dataset: str, size: int, head_sha256: str, own: uuid.UUID
) -> bool:
    """Whether a file of exactly `size` bytes with the same first megabyte was loaded into `dataset`."""
    facts = {"dataset": dataset, "size": size, "head_sha256": head_sha256, "own": own}
    return connection.scalar(_SIMILAR, facts) is not None


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Looks for the twins of the file of `size` bytes that ingestion `own` is to load into `dataset`."""

    connection: Connection
    own: uuid.UUID
    dataset: str
    size: int
    timer: StageTimer

    def sha256_if_similar_exists(self, content: Content, known: str | None = None) -> str | None:
        """The file's SHA-256, read for it alone unless `known`, if a file like it was loaded before.

        Alike is what has the same size and beginning. Metadata could tell a hash without reading, but anyone
        who can write the blob can write that.
        """
        head = content.head_sha256
        if not has_similar_load(self.connection, self.dataset, self.size, head, self.own):
            return None
        if known:
            return known
        with self.timer.stage("hash"):
            return content.sha256()

    def find(self, sha256: str) -> uuid.UUID | None:
        """The ingestion that loaded the same bytes."""
        return find_duplicate(self.connection, self.dataset, sha256, self.size, self.own)

    def find_locked(self, contract: type[Contract], sha256: str) -> uuid.UUID | None:
        """The same for a load into the dataset of `contract`.

        The twin may be losing its rows at this moment, by being undone or loaded again: the lock waits for
        that, and keeps it until we are its duplicate. Without a key, one may also become a twin meanwhile.
        """
        is_likely = not contract.key or self.find(sha256) is not None
        return self.find_after_wait(sha256) if is_likely else None

    def find_after_wait(self, sha256: str) -> uuid.UUID | None:
        """The same after waiting for those who are about to load them; others wait for us from then on."""
        return find_duplicate_after_wait(self.connection, self.dataset, sha256, self.size, self.own)

    def require_duplicate(self, sha256: str) -> uuid.UUID:
        """The twin that was found before, now that it cannot go away; raises `Contended` where it did."""
        duplicate = self.find_after_wait(sha256)
        if duplicate is None:
            raise ConcurrencyConflict(POSTGRES, "a load of the same bytes was replaced at this moment")
        return duplicate
