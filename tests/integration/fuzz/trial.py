"""One file on its way: loaded for real, and the ledger and the tables held to the laws afterwards."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

from azure.storage.blob import ContainerClient
from sqlalchemy import Connection, Engine, text

from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from tests.integration.fuzz import bases
from tests.integration.fuzz.mutation import mutated

LONGEST_SECONDS = 2.0

_FILES_OF_A_DATASET = 20
"""Files that share an undeclared dataset, so that its table has to grow with nonsense too."""

_ENDS = {State.LOADED, State.REFUSED, State.DUPLICATE}

_ENTRIES = text("select * from ingest.ingestions where path = :path and container = :container")
_REJECTS = text("select count(*) from ingest.rejects where ingestion_id = :id")


class LawBroken(AssertionError):
    """A file of a seed ended in a way that no file may."""


@dataclass(frozen=True)
class Trial:
    """The file of a seed; the same each time."""

    seed: int

    @property
    def path(self) -> str:
        """Where it is dropped: every third into the dataset that ships."""
        dataset = "sales" if self.seed % 3 == 0 else f"fuzz_{self.seed // _FILES_OF_A_DATASET}"
        return f"{dataset}/{self.seed}.csv"

    def content(self) -> bytes:
        """Its bytes."""
        chance = random.Random(self.seed)  # noqa: S311 - a file is to be made again from its seed
        make = bases.sales if self.seed % 3 == 0 else bases.anything
        return mutated(chance, make(chance), bases.anything(chance))

    def run(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> str:
        """Load it; returns the state it ends in. Raises `LawBroken`."""
        container.upload_blob(self.path, self.content(), overwrite=True)
        begun = time.perf_counter()
        try:
            state = loader.load(self.path).state
        except Exception as exc:
            raise LawBroken(f"seed {self.seed}: {type(exc).__name__}: {exc}") from exc
        seconds = time.perf_counter() - begun
        if seconds > LONGEST_SECONDS:
            raise LawBroken(f"seed {self.seed}: {seconds:.1f} s")
        with engine.connect() as connection:
            where = {"path": self.path, "container": container.container_name}
            for entry in connection.execute(_ENTRIES, where).mappings().all():
                self._check(connection, dict(entry))
        return str(state)

    def _check(self, connection: Connection, entry: dict[str, Any]) -> None:
        self._require(State(entry["state"]) in _ENDS, entry)
        if entry["state"] == State.REFUSED:
            self._require(bool(entry["error"] and entry["error"]["code"] and entry["error"]["detail"]), entry)
        if entry["state"] != State.LOADED or (entry["format"] or {}).get("compression") == "zip":
            return
        parts = ("inserted", "updated", "unchanged", "duplicate", "rejected")
        self._require(entry["rows_read"] == sum(entry[f"rows_{part}"] for part in parts), entry)
        kept = connection.scalar(_REJECTS, {"id": entry["id"]})
        self._require(kept == entry["rows_rejected"], entry)
        dataset = entry["dataset"]
        if entry["rows_inserted"] + entry["rows_updated"]:
            count = text(f'select count(*) from "{dataset}" where _load = :serial')  # noqa: S608
            rows = connection.scalar(count, {"serial": entry["serial"]})
            self._require(rows == entry["rows_inserted"] + entry["rows_updated"], entry)

    def _require(self, holds: bool, entry: dict[str, Any]) -> None:
        if not holds:
            facts = {name: value for name, value in entry.items() if value is not None}
            raise LawBroken(f"seed {self.seed}: {facts}")
