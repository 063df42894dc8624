"""Load one mutated file; check the ledger and the tables against invariants."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import ContainerClient
from sqlalchemy import Connection, Engine, text

from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from tests.integration.fuzz import random_files
from tests.integration.fuzz.mutation import mutated

MAX_SECONDS = 2.0

_FILES_PER_DATASET = 20
"""Files that share an inferred dataset, so that its table also evolves with random files."""

_FINAL_STATES = {State.LOADED, State.REFUSED, State.DUPLICATE}

_ENTRIES = text("select * from ingest.ingestions where path = :path and container = :container")
_REJECTS = text("select count(*) from ingest.rejects where ingestion_id = :id")


class InvariantViolated(AssertionError):
    """A load had a result that no file may have."""


@dataclass(frozen=True)
class FuzzedFile:
    """The mutated file of a seed; the same each time."""

    seed: int

    @property
    def path(self) -> str:
        """Its blob path; every third file is for the dataset `sales`."""
        dataset = "sales" if self.seed % 3 == 0 else f"fuzz_{self.seed // _FILES_PER_DATASET}"
        return f"{dataset}/{self.seed}.csv"

    def content(self) -> bytes:
        """Its bytes."""
        rng = random.Random(self.seed)  # noqa: S311 - reproducible from the seed
        base = random_files.sales if self.seed % 3 == 0 else random_files.inferred
        return mutated(rng, base(rng), random_files.inferred(rng))

    def load(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> str:
        """Upload and load the file; return the final state. Raises `InvariantViolated`."""
        container.upload_blob(self.path, self.content(), overwrite=True)
        started = time.perf_counter()
        try:
            state = loader.load(self.path).state
        except Exception as exc:
            raise InvariantViolated(f"seed {self.seed}: {type(exc).__name__}: {exc}") from exc
        seconds = time.perf_counter() - started
        if seconds > MAX_SECONDS:
            raise InvariantViolated(f"seed {self.seed}: {seconds:.1f} s")
        with engine.connect() as connection:
            where = {"path": self.path, "container": container.container_name}
            for entry in connection.execute(_ENTRIES, where).mappings().all():
                self._check(connection, dict(entry))
        return str(state)

    def _check(self, connection: Connection, entry: dict[str, Any]) -> None:
        self._require(State(entry["state"]) in _FINAL_STATES, entry)
        if entry["state"] == State.REFUSED:
            self._require(bool(entry["error"] and entry["error"]["code"] and entry["error"]["detail"]), entry)
        if entry["state"] != State.LOADED or (entry["format"] or {}).get("compression") == "zip":
            return
        parts = ("inserted", "updated", "unchanged", "duplicate", "rejected")
        self._require(entry["rows_read"] == sum(entry[f"rows_{part}"] for part in parts), entry)
        stored = connection.scalar(_REJECTS, {"id": entry["id"]})
        self._require(stored == entry["rows_rejected"], entry)
        dataset = entry["dataset"]
        if entry["rows_inserted"] + entry["rows_updated"]:
            count = text(f'select count(*) from "{dataset}" where _load = :serial')  # noqa: S608
            rows = connection.scalar(count, {"serial": entry["serial"]})
            self._require(rows == entry["rows_inserted"] + entry["rows_updated"], entry)

    def _require(self, holds: bool, entry: dict[str, Any]) -> None:
        if not holds:
            facts = {name: value for name, value in entry.items() if value is not None}
            raise InvariantViolated(f"seed {self.seed}: {facts}")
