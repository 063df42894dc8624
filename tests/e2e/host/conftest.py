"""Local hosts on the session's Azurite, each with a host id and names of its own."""

import uuid
from collections.abc import Callable, Iterator, Mapping

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from dev.azurite import Azurite
from tests.e2e.host.running_host import RunningHost

MakeHost = Callable[..., RunningHost]
QUICK = ("--scan-seconds", "0.1", "--visibility-seconds", "2")


@pytest.fixture(scope="session")
def blobs(azurite: Azurite) -> Iterator[BlobServiceClient]:
    with BlobServiceClient.from_connection_string(azurite.connection_string) as client:
        yield client


@pytest.fixture(scope="session")
def queues(azurite: Azurite) -> Iterator[QueueServiceClient]:
    with QueueServiceClient.from_connection_string(azurite.connection_string) as client:
        yield client


@pytest.fixture(scope="module")
def make_host(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeHost]:
    """Makes a host for an app's code, not yet started; ends it after the module's tests."""
    made: list[RunningHost] = []

    def make(code: str, settings: Mapping[str, str] | None = None, *options: str) -> RunningHost:
        ours = {
            "AzureWebJobsStorage": azurite.connection_string,
            "DATA": azurite.connection_string,
            "AzureFunctionsWebHost__hostid": f"test-{uuid.uuid4().hex[:20]}",
        }
        host = RunningHost(
            tmp_path_factory.mktemp("host"), code, {**ours, **(settings or {})}, *QUICK, *options
        )
        made.append(host)
        return host

    yield make
    for host in made:
        host.stop()


def unique(name: str) -> str:
    """A name for a container or queue that no other test has."""
    return f"{name}-{uuid.uuid4().hex[:12]}"
