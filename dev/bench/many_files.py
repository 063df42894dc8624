"""Many small files dropped at once, loaded by the app in its host as `python3 dev up` starts it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
from azure.storage.blob import BlobServiceClient
from psycopg2.extensions import connection

from dev import ports
from dev.azurite import Azurite
from dev.bench import database
from dev.bench.figures import FILES, Measured
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setting
from dev.errors import Complaint
from dev.functions_host import FunctionsHost
from dev.process import wait_until
from dev.readiness import create_container
from dev.stack import Endpoints
from shared.settings import UPLOADS_CONTAINER

COUNT, ROWS = 500, 250
_UPLOADS_AT_ONCE = 4
_START_SECONDS, _LOAD_SECONDS = 60, 300


def measure(setting: Setting) -> list[Measured]:
    """Files a second, from the first drop to the last `loaded`; each run with servers' data of its own."""
    contents = [setting.file(range(n * ROWS, (n + 1) * ROWS)).read_bytes() for n in range(COUNT)]
    seconds = tuple(_time(setting, setting.folder / f"drop-{run}", contents) for run in range(setting.runs))
    return [Measured(FILES, tuple(COUNT / one for one in seconds), seconds)]


def _time(setting: Setting, folder: Path, contents: list[bytes]) -> float:
    with ExitStack() as started:
        url = started.enter_context(database.fresh(setting.postgres))
        azurite = Azurite(folder)
        started.callback(azurite.stop)
        azurite.start()
        create_container(azurite.connection_string)
        host = FunctionsHost("local", ports.free(1)[0], folder, Endpoints(url, azurite.connection_string))
        started.callback(host.stop)
        child = host.start(os.environ)
        if not (child.came_up(host.is_healthy, _START_SECONDS) and host.is_healthy()):
            raise Complaint(f"the host did not start: {child.last_lines()}")
        storage = started.enter_context(BlobServiceClient.from_connection_string(azurite.connection_string))
        container = storage.get_container_client(UPLOADS_CONTAINER)
        # The first load imports what loads; that is another figure.
        container.upload_blob(SMALL_BLOB, setting.small_file().read_bytes())
        ledger = started.enter_context(closing(psycopg2.connect(url)))
        ledger.autocommit = True
        _wait_for(ledger, 1)
        database.settle(url)
        begun = time.perf_counter()
        with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as uploads:
            names = [f"sales/drop/{number}.csv" for number in range(len(contents))]
            list(uploads.map(container.upload_blob, names, contents))
        _wait_for(ledger, 1 + COUNT)
        seconds = time.perf_counter() - begun
        _require_all_rows(url)
    return seconds


def _wait_for(ledger: connection, count: int) -> None:
    """Wait until so many files are loaded."""

    def loaded() -> bool:
        with ledger.cursor() as cursor:
            cursor.execute("select count(*) from ingest.ingestions where state = 'loaded'")
            return cursor.fetchone() == (count,)

    if not wait_until(loaded, _LOAD_SECONDS):
        raise Complaint(f"of {count} files not all were loaded within {_LOAD_SECONDS} s")


def _require_all_rows(url: str) -> None:
    found = database.query(url, "select count(*) from sales")
    if found != [(SMALL_ROWS + COUNT * ROWS,)]:
        raise RuntimeError(f"{found} rows are there")
