"""`python3 dev up` as a child process of a test."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dev import ports
from dev.paths import ROOT
from dev.process import wait_until

READY_SECONDS = 60
# Like a user: the Python that created `.venv`, which then restarts as `.venv`'s Python.
OUTSIDE_PYTHON = str(Path(sys.executable).resolve())
# If these are set on the machine that runs the tests, `up` would use other servers.
OWN_SERVERS = ("DATABASE_URL", "STORAGE_CONNECTION_STRING")


class Run:
    """A run of `python3 dev …` with its output in files."""

    def __init__(self, folder: Path, arguments: list[str], environment: Mapping[str, str]) -> None:
        self.stdout, self.stderr = folder / "stdout", folder / "stderr"
        with self.stdout.open("wb") as out, self.stderr.open("wb") as err:
            self.popen = subprocess.Popen(
                [OUTSIDE_PYTHON, "dev", *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=environment,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.stdout.read_text()

    @property
    def errors(self) -> str:
        return self.stderr.read_text()

    def wait(self, seconds: float = 30) -> int:
        """Wait until the run ends, and return the exit code."""
        return self.popen.wait(seconds)

    def wait_until_ready(self) -> None:
        wait_until(lambda: "\nready " in self.output or self.popen.poll() is not None, READY_SECONDS)
        assert "\nready " in self.output, f"{self.output}\n{self.errors}"

    def signal(self, number: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        self.popen.send_signal(number)
        return self.wait()


Dev = Callable[..., Run]


@pytest.fixture
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Start `python3 dev` with these arguments; keywords set environment variables, `None` removes one."""
    runs: list[Run] = []

    def start(*arguments: str, **changes: str | None) -> Run:
        environment = {key: value for key, value in os.environ.items() if key not in OWN_SERVERS}
        merged = {**environment, **changes}
        run = Run(
            tmp_path_factory.mktemp("run"),
            list(arguments),
            {key: value for key, value in merged.items() if value is not None},
        )
        runs.append(run)
        return run

    yield start
    for run in runs:
        if run.popen.poll() is None:
            run.popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait()


@pytest.fixture
def port() -> str:
    """A port for `--port`."""
    return str(ports.free(1)[0])


def endpoints(data: Path) -> dict[str, Any]:
    """Read the file with the addresses of the servers."""
    found: dict[str, Any] = json.loads((data / "endpoints.json").read_text())
    return found


def processes_on(data: Path) -> list[str]:
    """Return the command lines of all processes that contain the path of the data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(data) in line:
                    found.append(line)
    return found
