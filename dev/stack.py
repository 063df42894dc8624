"""The servers of the app: Postgres and Azurite on one data directory, or servers of the user."""

from collections.abc import Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dev import ports
from dev.azurite import Azurite
from dev.postgres import Postgres
from dev.process import ChildProcess

OWN_DATABASE, OWN_STORAGE = "DATABASE_URL", "STORAGE_CONNECTION_STRING"


@dataclass(frozen=True)
class Endpoints:
    """The addresses of the two servers, with passwords and keys."""

    database_url: str
    storage_connection_string: str


@dataclass(frozen=True)
class Servers:
    """Servers that are being started; None for one that the user provides."""

    postgres: Postgres | None
    azurite: Azurite | None

    def wait(self, environment: Mapping[str, str]) -> tuple[Endpoints, list[ChildProcess]]:
        """Wait until they answer; return all endpoints, also those of `environment`, and the processes."""
        children = [server.wait() for server in (self.postgres, self.azurite) if server]
        endpoints = Endpoints(
            self.postgres.url if self.postgres else environment[OWN_DATABASE],
            self.azurite.connection_string if self.azurite else environment[OWN_STORAGE],
        )
        return endpoints, children


def launch(stack: ExitStack, data: Path, environment: Mapping[str, str]) -> Servers:
    """Begin to start, at the same time, the servers that `environment` does not name; `stack` stops them."""
    servers = Servers(
        None if environment.get(OWN_DATABASE) else Postgres(data),
        None if environment.get(OWN_STORAGE) else Azurite(data),
    )
    # Azurite first: the first time, Postgres creates its data before it starts.
    for server in (servers.azurite, servers.postgres):
        if server:
            stack.callback(server.stop)
            server.launch()
    return servers


def bypass_proxy(environment: MutableMapping[str, str]) -> None:
    """Make HTTP clients connect to loopback directly on a machine that uses an HTTP proxy."""
    for key in ("NO_PROXY", "no_proxy"):
        hosts = environment.get(key)
        environment[key] = f"{hosts},{ports.LOOPBACK}" if hosts else ports.LOOPBACK
