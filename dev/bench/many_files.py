"""Files per second: many small files uploaded at once, loaded by the app as `python3 dev up` starts it."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2
from azure.storage.blob import BlobServiceClient
from psycopg2.extensions import connection

from dev.azurite import Azurite
from dev.bench import database
from dev.bench.figures import FILES, Measurement
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setup, running_app
from dev.errors import UsageError
from dev.process import wait_until
from dev.readiness import create_container
from dev.stack import Endpoints
from shared.settings import UPLOADS_CONTAINER

FILE_COUNT, ROWS_PER_FILE = 500, 250
_PARALLEL_UPLOADS = 4
_LOAD_SECONDS = 300


def measure(setup: Setup) -> list[Measurement]:
    """Time from the first upload to the last `loaded`; each run has a new database and a new Azurite."""
    ranges = (range(n * ROWS_PER_FILE, (n + 1) * ROWS_PER_FILE) for n in range(FILE_COUNT))
    contents = [setup.file(numbers).read_bytes() for numbers in ranges]
    seconds = tuple(_time(setup, setup.folder / f"files-{run}", contents) for run in range(setup.runs))
    return [Measurement(FILES, tuple(FILE_COUNT / one for one in seconds), seconds)]


def _time(setup: Setup, folder: Path, contents: list[bytes]) -> float:
    with ExitStack() as stack:
        url = stack.enter_context(database.new_database(setup.postgres))
        azurite = Azurite(folder)
        stack.callback(azurite.stop)
        azurite.start()
        create_container(azurite.connection_string)
        stack.enter_context(running_app(folder, Endpoints(url, azurite.connection_string)))
        storage = stack.enter_context(BlobServiceClient.from_connection_string(azurite.connection_string))
        container = storage.get_container_client(UPLOADS_CONTAINER)
        # The first load imports the modules of a load, which is not timed here.
        container.upload_blob(SMALL_BLOB, setup.small_file().read_bytes())
        ledger = stack.enter_context(closing(psycopg2.connect(url)))
        ledger.autocommit = True
        _wait_until_loaded(ledger, 1)
        database.make_idle(url)
        began = time.perf_counter()
        with ThreadPoolExecutor(_PARALLEL_UPLOADS) as uploads:
            names = [f"sales/many/{number}.csv" for number in range(len(contents))]
            list(uploads.map(container.upload_blob, names, contents))
        _wait_until_loaded(ledger, 1 + FILE_COUNT)
        seconds = time.perf_counter() - began
        _check_rows(url)
    return seconds


def _wait_until_loaded(ledger: connection, count: int) -> None:
    def all_loaded() -> bool:
        with ledger.cursor() as cursor:
            cursor.execute("select count(*) from ingest.ingestions where state = 'loaded'")
            return cursor.fetchone() == (count,)

    if not wait_until(all_loaded, _LOAD_SECONDS):
        raise UsageError(f"{count} files were not loaded within {_LOAD_SECONDS} s")


def _check_rows(url: str) -> None:
    found, expected = (
        database.query(url, "select count(*) from sales"),
        SMALL_ROWS + FILE_COUNT * ROWS_PER_FILE,
    )
    if found != [(expected,)]:
        raise RuntimeError(f"the table has {found} rows instead of {expected}")
