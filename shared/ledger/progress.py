"""Progress of a load, for others to see while its own transaction is open."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress

from sqlalchemy import Engine, text

from shared import faults
from shared.errors import IngestError
from shared.ledger import ingestions

_EVERY_SECONDS = 1.0

_NEVER_WAIT = text("set local lock_timeout = '100ms'")


class Progress:
    """Writes rows and bytes to the ledger, through a connection of its own, at most once a second."""

    def __init__(self, engine: Engine, ingestion_id: uuid.UUID) -> None:
        self._engine = engine
        self._ingestion_id = ingestion_id
        self._written = time.monotonic()

    def __call__(self, rows: int, size: int) -> None:
        """Note `rows` and bytes read so far. A note that cannot be written is no reason to stop the load."""
        if time.monotonic() - self._written < _EVERY_SECONDS:
            return
        with suppress(IngestError), faults.translated(), self._engine.begin() as short:
            short.execute(_NEVER_WAIT)  # somebody may have locked the entry, and would then hold the load too
            ingestions.progress(short, self._ingestion_id, rows, size)
        self._written = time.monotonic()
