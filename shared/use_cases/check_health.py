"""Checks that Postgres and storage answer, in parallel and with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared import driver_errors
from shared.database import transactions
from shared.errors import IngestError

_PATIENCE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part's answer; `detail` says what is wrong."""

    part: str
    ok: bool
    milliseconds: int
    detail: str | None = None


def check_health(probes: Mapping[str, Callable[[], object]]) -> list[PartHealth]:
    """Run each probe in a thread of its own; one that has not answered in 1.5 s counts as down."""
    begun = time.monotonic()
    pool = ThreadPoolExecutor(len(probes), thread_name_prefix="health")
    running = {name: pool.submit(probe) for name, probe in probes.items()}
    pool.shutdown(wait=False)  # a probe that hangs is left to its own timeout
    parts = []
    for name, future in running.items():
        try:
            future.result(timeout=max(0.0, begun + _PATIENCE_SECONDS - time.monotonic()))
        except TimeoutError:
            parts.append(PartHealth(name, ok=False, milliseconds=_since(begun), detail="no answer in time"))
        except IngestError as exc:
            parts.append(PartHealth(name, ok=False, milliseconds=_since(begun), detail=exc.message))
        else:
            parts.append(PartHealth(name, ok=True, milliseconds=_since(begun)))
    return parts


def probe_postgres(engine: Engine) -> None:
    """Raises `Unavailable` unless Postgres answers and the ledger is there."""
    with transactions.short_transaction(engine) as connection:
        connection.execute(text("select 1 from ingest.ingestions limit 1"))


def probe_storage(container: ContainerClient) -> None:
    """Raises `Unavailable` unless storage answers; a container that is missing the first upload makes."""
    with driver_errors.translate_errors():
        container.exists(timeout=1)


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
