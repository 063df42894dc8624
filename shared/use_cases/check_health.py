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

_TIMEOUT_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class PartHealth:
    """The health of Postgres or storage; `detail` is the reason if it is not `ok`."""

    part: str
    ok: bool
    milliseconds: int
    detail: str | None = None


def check_health(probes: Mapping[str, Callable[[], object]]) -> list[PartHealth]:
    """Run all probes in parallel; a probe that takes more than 1.5 s counts as failed."""
    begun = time.monotonic()
    pool = ThreadPoolExecutor(len(probes), thread_name_prefix="health")
    running = {name: pool.submit(probe) for name, probe in probes.items()}
    pool.shutdown(wait=False)  # a probe that hangs ends by its own timeout
    parts = []
    for name, future in running.items():
        try:
            future.result(timeout=max(0.0, begun + _TIMEOUT_SECONDS - time.monotonic()))
        except TimeoutError:
            parts.append(PartHealth(name, ok=False, milliseconds=_since(begun), detail="no answer in time"))
        except IngestError as exc:
            parts.append(PartHealth(name, ok=False, milliseconds=_since(begun), detail=exc.message))
        else:
            parts.append(PartHealth(name, ok=True, milliseconds=_since(begun)))
    return parts


def probe_postgres(engine: Engine) -> None:
    """Raise `Unavailable` unless Postgres answers and the ledger exists."""
    with transactions.short_transaction(engine) as connection:
        connection.execute(text("select 1 from ingest.ingestions limit 1"))


def probe_storage(container: ContainerClient) -> None:
    """Raise `Unavailable` unless storage answers; the first upload creates a missing container."""
    with driver_errors.translate_errors():
        container.exists(timeout=1)


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
