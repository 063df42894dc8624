"""A run works after an earlier one was killed, or after a power cut."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.postgres import Postgres
from dev.process import ChildProcess, command_line, group_members, start_time, stop_orphan, wait_until

SLEEP = ["sleep", "600"]
MARKER = "STARTED_BY_PYTHON3_DEV=this test"
# Like npm's `func`: starts the real program and forwards no signal to it.
WRAPPER = """#!/bin/sh
"$1" -c '
import pathlib, signal, sys, time
def end(*_):
    time.sleep(0.3)
    pathlib.Path(sys.argv[1]).write_text("ended")
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("runs")
time.sleep(600)
' "$2" &
wait
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEP, start_new_session=True) as process:
        # Until the program is loaded, the process has no command line.
        assert wait_until(lambda: command_line(process.pid) == SLEEP, seconds=5)
        yield process
        process.kill()


def write_record(data: Path, pid: int, started: str) -> Path:
    record = data / "run" / "azurite.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"pid": pid, "start_time": started, "marker": MARKER}))
    return record


def start_wrapper(folder: Path) -> tuple[ChildProcess, Path]:
    """Start a wrapper and a program below it, which writes its state into the returned file."""
    wrapper, state = folder / "func", folder / "state"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    child = ChildProcess("host", [str(wrapper), sys.executable, str(state)], data=folder)
    assert wait_until(lambda: state.exists() and state.read_text() == "runs", seconds=20)
    return child, state


def test_a_server_that_a_killed_run_left_is_stopped(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record = write_record(tmp_path, sleeper.pid, start_time(sleeper.pid))
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not record.exists()


@pytest.mark.parametrize("started", ["some boot 12345", ""])
def test_another_process_with_the_recorded_number_is_not_stopped(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, started: str
) -> None:
    record = write_record(tmp_path, sleeper.pid, started)
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert command_line(sleeper.pid) == SLEEP
    assert not record.exists()


def test_stopping_a_wrapper_waits_for_the_program_below_it(tmp_path: Path) -> None:
    child, state = start_wrapper(tmp_path)
    assert len(group_members(child.popen.pid)) == 2
    child.stop()
    assert state.read_text() == "ended"
    assert not group_members(child.popen.pid)


def test_the_program_below_a_killed_wrapper_is_stopped(tmp_path: Path) -> None:
    child, state = start_wrapper(tmp_path)
    child.popen.kill()
    child.popen.wait()
    assert len(group_members(child.popen.pid)) == 1
    stop_orphan(tmp_path, "host", signal.SIGTERM)
    assert state.read_text() == "ended"
    assert not group_members(child.popen.pid)


def test_postgres_starts_after_a_kill_if_another_process_has_its_number(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    child = server.start()
    lock = server.home / "postmaster.pid"
    old = lock.read_text()
    child.kill()
    lock.write_text(old.replace(str(child.popen.pid), str(os.getpid()), 1))
    server.start()
    server.stop()


def test_unfinished_postgres_data_are_created_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished").mkdir()
    (tmp_path / "postgres.unfinished" / "PG_VERSION").touch()
    server = Postgres(tmp_path)
    server.start()
    server.stop()
