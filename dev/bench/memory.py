"""Peak memory of a worker process above its idle memory, for the file and for one ten times as long."""

import json
import resource
import select
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dev.bench import database
from dev.bench.app_load import ExpectedResult, check_result
from dev.bench.figures import MEMORY, MEMORY_OF_LONG_FILE, MEMORY_RATIO, Measurement
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setup
from dev.paths import ROOT
from dev.process import ON_LINUX
from shared.ledger.tables import State

LONG_FILE_FACTOR = 10
_POLL_SECONDS = 0.005
_MB = 1e6


def measure(setup: Setup) -> list[Measurement]:
    """Load each file once a run, each time in a new process and a new database.

    Idle memory is that of the process after a small file: everything is imported and connected.
    """
    peaks: dict[int, list[float]] = {setup.rows: [], setup.rows * LONG_FILE_FACTOR: []}
    setup.upload(SMALL_BLOB, setup.small_file())
    for rows in peaks:
        file = setup.file(range(rows))
        setup.upload(_blob(rows), file)
        if rows != setup.rows:
            file.unlink()  # a large file that no other part of the benchmark uses
    for _ in range(setup.runs):
        for rows, found in peaks.items():
            found.append(_peak_bytes(setup, rows) / _MB)
    short, long = (tuple(found) for found in peaks.values())
    ratios = tuple(max(pair) / max(min(pair), 1 / _MB) for pair in zip(short, long, strict=True))
    return [
        Measurement(MEMORY, short),
        Measurement(MEMORY_OF_LONG_FILE, long),
        Measurement(MEMORY_RATIO, ratios),
    ]


def _blob(rows: int) -> str:
    return f"sales/rows-{rows}.csv"


def _peak_bytes(setup: Setup, rows: int) -> int:
    """Return the peak bytes above idle while a worker loads the file with so many rows."""
    with database.new_database(setup.postgres) as url:
        arguments = [url, setup.azurite.connection_string, SMALL_BLOB, _blob(rows)]
        with _started_worker(arguments) as worker:
            before = worker.next_report()
            idle = peak = worker.resident_bytes()
            worker.start_second_load()
            while not worker.has_output(_POLL_SECONDS):
                peak = max(peak, worker.resident_bytes())
            after = worker.next_report()
        expected = ExpectedResult(State.LOADED, rows + SMALL_ROWS, rows, 0, 0, 0)
        check_result(url, after.ingestion_id, expected)
    return peak - idle if ON_LINUX else after.peak_bytes - before.peak_bytes


@dataclass(frozen=True)
class LoadReport:
    """What a worker prints after a load: the ledger entry, and its peak memory so far."""

    ingestion_id: uuid.UUID
    peak_bytes: int


@dataclass(frozen=True)
class Worker:
    """A process that runs `dev.bench.two_loads`."""

    pid: int
    input: IO[str]
    output: IO[str]

    def next_report(self) -> LoadReport:
        """Wait until the worker has loaded a file, and return what it prints."""
        line = self.output.readline()
        if not line:
            raise RuntimeError("the worker ended before its load did; see above")
        report = json.loads(line)
        return LoadReport(uuid.UUID(report["ingestion_id"]), report["peak_bytes"])

    def has_output(self, seconds: float) -> bool:
        """Wait up to `seconds` for output; return whether there is any."""
        return bool(select.select([self.output], [], [], seconds)[0])

    def start_second_load(self) -> None:
        """Let the worker load the second file."""
        self.input.write("\n")
        self.input.flush()

    def resident_bytes(self) -> int:
        """Return the memory of the worker, see proc_pid_statm(5); 0 on other systems than Linux."""
        if not ON_LINUX:
            return 0
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * resource.getpagesize()


@contextmanager
def _started_worker(arguments: Sequence[str]) -> Iterator[Worker]:
    with subprocess.Popen(
        [sys.executable, "-m", "dev.bench.two_loads", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        try:
            yield Worker(process.pid, process.stdin, process.stdout)
        finally:
            process.kill()
