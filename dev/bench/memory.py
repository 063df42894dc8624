"""Peak memory of a worker process above its idle, for the file and for one ten times as long."""

from dev.bench import database, worker
from dev.bench.app_load import Expected, require
from dev.bench.figures import MEMORY, MEMORY_EQUAL, MEMORY_OF_MORE, Measured
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setting
from dev.groups import ON_LINUX
from shared.ledger.tables import State

TIMES_MORE = 10
_LOOK_SECONDS = 0.005
_MB = 1e6


def measure(setting: Setting) -> list[Measured]:
    """Load each file once a run, each time in a new process and a fresh database.

    Idle is what the process holds after a small file, when all is imported and connected.
    """
    peaks: dict[int, list[float]] = {setting.rows: [], setting.rows * TIMES_MORE: []}
    setting.upload(SMALL_BLOB, setting.small_file())
    for rows in peaks:
        file = setting.file(range(rows))
        setting.upload(_blob(rows), file)
        if rows != setting.rows:
            file.unlink()  # a large one, which nobody else needs
    for _ in range(setting.runs):
        for rows, found in peaks.items():
            found.append(_peak(setting, rows) / _MB)
    short, long = (tuple(found) for found in peaks.values())
    parted = tuple(max(pair) / max(min(pair), 1 / _MB) for pair in zip(short, long, strict=True))
    return [Measured(MEMORY, short), Measured(MEMORY_OF_MORE, long), Measured(MEMORY_EQUAL, parted)]


def _blob(rows: int) -> str:
    return f"sales/rows-{rows}.csv"


def _peak(setting: Setting, rows: int) -> int:
    """Bytes above idle while a worker loads the file of so many rows."""
    with database.fresh(setting.postgres) as url:
        arguments = [url, setting.azurite.connection_string, SMALL_BLOB, _blob(rows)]
        with worker.started(arguments) as watched:
            before = watched.listen()
            idle = peak = watched.held()
            watched.go_on()
            while not watched.speaks(_LOOK_SECONDS):
                peak = max(peak, watched.held())
            after = watched.listen()
        require(url, after.ingestion, Expected(State.LOADED, rows + SMALL_ROWS, rows, 0, 0, 0))
    return peak - idle if ON_LINUX else after.most - before.most
