"""A worker process that is watched while it loads."""

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

from dev.groups import ON_LINUX
from dev.paths import ROOT


@dataclass(frozen=True)
class Said:
    """What a worker says after a load: the entry in the ledger, and the most bytes it held so far."""

    ingestion: uuid.UUID
    most: int


@dataclass(frozen=True)
class Worker:
    """`dev.bench.two_loads` as seen from outside."""

    pid: int
    input: IO[str]
    output: IO[str]

    def listen(self) -> Said:
        """Wait for what it says next."""
        line = self.output.readline()
        if not line:
            raise RuntimeError("the worker ended before its load did; see above")
        said = json.loads(line)
        return Said(uuid.UUID(said["ingestion"]), said["most"])

    def speaks(self, seconds: float) -> bool:
        """Say within `seconds` whether there is something to listen to."""
        return bool(select.select([self.output], [], [], seconds)[0])

    def go_on(self) -> None:
        """Let it load the other file."""
        self.input.write("\n")
        self.input.flush()

    def held(self) -> int:
        """Bytes it holds in memory now, see proc_pid_statm(5); 0 where only its own word is to be had."""
        if not ON_LINUX:
            return 0
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * resource.getpagesize()


@contextmanager
def started(arguments: Sequence[str]) -> Iterator[Worker]:
    """Start it with `arguments`; it is gone afterwards, whatever happens."""
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
