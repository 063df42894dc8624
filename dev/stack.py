"""The servers under the app: Postgres and Azurite on one data directory, or the user's own."""

from collections.abc import Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dev import ports
from dev.azurite import Azurite
from dev.postgres import Postgres
from dev.process import Child

OWN_DATABASE, OWN_STORAGE = "DATABASE_URL", "STORAGE_CONNECTION_STRING"


@dataclass(frozen=True)
class Endpoints:
    """Where the servers are."""

    database_url: str
    storage_connection_string: str


@dataclass(frozen=True)
class Servers:
    """Servers that are being started; None where the user has one."""

    postgres: Postgres | None
    azurite: Azurite | None

    def wait(self, environment: Mapping[str, str]) -> tuple[Endpoints, list[Child]]:
        """Return where the servers are, those that `environment` names included, and what was started."""
        children = [server.wait() for server in (self.postgres, self.azurite) if server]
        endpoints = Endpoints(
            self.postgres.url if self.postgres else environment[OWN_DATABASE],
            self.azurite.connection_string if self.azurite else environment[OWN_STORAGE],
        )
        return endpoints, children


def launch(started: ExitStack, data: Path, environment: Mapping[str, str]) -> Servers:
    """Begin to start, all at once, the servers that `environment` does not name; `started` stops them."""
    servers = Servers(
        None if environment.get(OWN_DATABASE) else Postgres(data),
        None if environment.get(OWN_STORAGE) else Azurite(data),
    )
    # Azurite first: the first time Postgres makes its data before it starts.
    for server in (servers.azurite, servers.postgres):
        if server:
            started.callback(server.stop)
            server.launch()
    return servers


def stay_off_proxies(environment: MutableMapping[str, str]) -> None:
    """Let HTTP clients reach loopback directly, where the machine goes out through a proxy."""
    for key in ("NO_PROXY", "no_proxy"):
        present = environment.get(key)
        environment[key] = f"{present},{ports.LOOPBACK}" if present else ports.LOOPBACK
