"""Twins of a file: loads of the same bytes into the same dataset, of which there is to be one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.contracts.base import Contract
from shared.errors import Contended
from shared.faults import POSTGRES
from shared.ledger import ingestions
from shared.stopwatch import Stopwatch
from shared.storage.content import Content


@dataclass(frozen=True, slots=True)
class Twins:
    """Looks for the twins of the file of `size` bytes that ingestion `own` is to load into `dataset`."""

    connection: Connection
    own: uuid.UUID
    dataset: str
    size: int
    watch: Stopwatch

    def likely_sha256(self, content: Content, known: str | None = None) -> str | None:
        """The file's SHA-256, read for it alone unless `known`, if a file like it was loaded before.

        Alike is what has the same size and beginning. Metadata could tell a hash without reading, but anyone
        who can write the blob can write that.
        """
        head = content.head_sha256
        if not ingestions.has_loaded_alike(self.connection, self.dataset, self.size, head, self.own):
            return None
        if known:
            return known
        with self.watch.stage("hash"):
            return content.sha256()

    def find(self, sha256: str) -> uuid.UUID | None:
        """The ingestion that loaded the same bytes."""
        return ingestions.find_loaded_twin(self.connection, self.dataset, sha256, self.size, self.own)

    def find_for(self, contract: type[Contract], sha256: str) -> uuid.UUID | None:
        """The same for a load into the dataset of `contract`.

        The twin may be losing its rows at this moment, by being undone or loaded again: the lock waits for
        that, and keeps it until we are its duplicate. Without a key, one may also become a twin meanwhile.
        """
        is_likely = not contract.key or self.find(sha256) is not None
        return self.find_last(sha256) if is_likely else None

    def find_last(self, sha256: str) -> uuid.UUID | None:
        """The same after waiting for those who are about to load them; others wait for us from then on."""
        return ingestions.find_last_twin(self.connection, self.dataset, sha256, self.size, self.own)

    def require_last(self, sha256: str) -> uuid.UUID:
        """The twin that was found before, now that it cannot go away; raises `Contended` where it did."""
        twin = self.find_last(sha256)
        if twin is None:
            raise Contended(POSTGRES, "a load of the same bytes was replaced at this moment")
        return twin
