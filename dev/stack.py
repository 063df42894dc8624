"""The servers under the app: Postgres and Azurite on one data directory, or the user's own."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev import folder, ports
from dev.azurite import Azurite
from dev.postgres import Postgres
from dev.process import Child

OWN_DATABASE, OWN_STORAGE = "DATABASE_URL", "STORAGE_CONNECTION_STRING"


@dataclass(frozen=True)
class Endpoints:
    """Where the servers are."""

    database_url: str
    storage_connection_string: str


@contextmanager
def running(data: Path, *, durable: bool = True) -> Iterator[Endpoints]:
    """Run Postgres and Azurite on the data directory `data` while the block lasts.

    With `durable=False` Postgres does not wait for the disk: faster, and lost with the machine's power.
    """
    stay_off_proxies(os.environ)
    with ExitStack() as started:
        started.enter_context(folder.held(data))
        database_url, _ = start_postgres(started, data, {}, durable=durable)
        storage, _ = start_azurite(started, data, {})
        yield Endpoints(database_url, storage)


def start_postgres(
    started: ExitStack, data: Path, environment: Mapping[str, str], *, durable: bool = True
) -> tuple[str, list[Child]]:
    """Return the URL `environment` names, else that of a Postgres started now; and what was started."""
    if own := environment.get(OWN_DATABASE):
        return own, []
    server = Postgres(data, durable=durable)
    started.callback(server.stop)
    child = server.start()
    return server.url, [child]


def start_azurite(started: ExitStack, data: Path, environment: Mapping[str, str]) -> tuple[str, list[Child]]:
    """Return the connection string `environment` names, else that of an Azurite; and what was started."""
    if own := environment.get(OWN_STORAGE):
        return own, []
    server = Azurite(data)
    started.callback(server.stop)
    child = server.start()
    return server.connection_string, [child]


def stay_off_proxies(environment: MutableMapping[str, str]) -> None:
    """Let HTTP clients reach loopback directly, where the machine goes out through a proxy."""
    for key in ("NO_PROXY", "no_proxy"):
        present = environment.get(key)
        environment[key] = f"{present},{ports.LOOPBACK}" if present else ports.LOOPBACK
