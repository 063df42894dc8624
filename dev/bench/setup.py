"""What a run of the benchmark uses: servers, files, the running app, and facts about the machine."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from dev import ports
from dev.azurite import Azurite
from dev.bench import database, sales_file
from dev.bench.sales_file import Edition
from dev.errors import UsageError
from dev.functions_host import FunctionsHost
from dev.postgres import Postgres
from dev.stack import Endpoints
from shared.settings import UPLOADS_CONTAINER

SMALL_BLOB, SMALL_ROWS = "sales/small.csv", 100
_SMALL = range(10**9, 10**9 + SMALL_ROWS)  # rows that no other file has
_START_SECONDS = 60
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Setup:
    """The servers, a folder for files, and the number of rows and runs of the command line."""

    folder: Path
    postgres: Postgres
    azurite: Azurite
    rows: int
    runs: int

    def file(self, numbers: range, edition: Edition = Edition.FIRST) -> Path:
        """Return the file with the rows of these numbers; it is written the first time."""
        path = self.folder / f"sales-{numbers.start}-{numbers.stop}-{numbers.step}-{edition}.csv"
        if not path.exists():
            sales_file.write(path, numbers, edition)
        return path

    def small_file(self) -> Path:
        """Return a small file with rows that no other file has, to load before anything is timed."""
        return self.file(_SMALL)

    def upload(self, blob: str, file: Path, metadata: dict[str, str] | None = None) -> None:
        """Upload `file` to the container that the app loads from."""
        account = BlobServiceClient.from_connection_string(self.azurite.connection_string)
        with account as storage, file.open("rb") as content:
            storage.get_blob_client(UPLOADS_CONTAINER, blob).upload_blob(
                content, overwrite=True, metadata=metadata
            )


@contextmanager
def running_app(folder: Path, endpoints: Endpoints) -> Iterator[FunctionsHost]:
    """Run the app in the local host, with its log in `folder`; it is healthy when the block begins."""
    host = FunctionsHost("local", ports.free(1)[0], folder, endpoints)
    child = host.start(os.environ)
    try:
        if not child.wait_until_up(host.is_healthy, _START_SECONDS):
            raise UsageError(f"the host did not start: {child.last_lines()}")
        yield host
    finally:
        host.stop()


@dataclass(frozen=True)
class Machine:
    """The kind of the machine (never its name), the versions, and the time in UTC."""

    system: str
    processor: str
    cores: int
    python: str
    postgres: str
    date: str


def describe_machine(database_url: str) -> Machine:
    """Describe this machine and the server at `database_url`."""
    ((postgres,),) = database.query(database_url, "select current_setting('server_version')")
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        postgres=str(postgres).split()[0],
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
