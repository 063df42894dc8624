"""What a killed run, or a power cut, left behind does not stand in the way of the next one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.groups import birth, command_line, members
from dev.postgres import Postgres
from dev.process import Child, stop_orphan, wait_until

SLEEP = ["sleep", "600"]


MARK = "STARTED_BY_PYTHON3_DEV=this test"
# As npm's `func` does: it starts the real program and forwards no signal to it.
WRAPPER = """#!/bin/sh
"$1" -c '
import pathlib, signal, sys, time
def end(*_):
    time.sleep(1)
    pathlib.Path(sys.argv[1]).write_text("in peace")
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
        # A process that is just becoming its program has no command line for a moment.
        assert wait_until(lambda: command_line(process.pid) == SLEEP, seconds=5)
        yield process
        process.kill()


def leave_record(data: Path, pid: int, born: str) -> Path:
    record = data / "run" / "azurite.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"pid": pid, "birth": born, "mark": MARK}))
    return record


def wrapped(folder: Path) -> tuple[Child, Path]:
    """Start a wrapper with a real program below it, which writes into the file how it fares."""
    wrapper, fate = folder / "func", folder / "fate"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    child = Child("host", [str(wrapper), sys.executable, str(fate)], data=folder)
    assert wait_until(lambda: fate.exists() and fate.read_text() == "runs", seconds=20)
    return child, fate


def test_an_orphan_that_is_still_ours_is_stopped(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record = leave_record(tmp_path, sleeper.pid, birth(sleeper.pid))
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not record.exists()


@pytest.mark.parametrize("born", ["some boot 12345", ""])
def test_a_stranger_with_an_orphans_number_lives_on(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, born: str
) -> None:
    record = leave_record(tmp_path, sleeper.pid, born)
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert command_line(sleeper.pid) == SLEEP
    assert not record.exists()


def test_what_a_wrapper_started_ends_in_its_own_time(tmp_path: Path) -> None:
    child, fate = wrapped(tmp_path)
    assert len(members(child.popen.pid)) == 2
    child.stop()
    assert fate.read_text() == "in peace"
    assert not members(child.popen.pid)


def test_what_a_killed_wrapper_left_running_is_stopped(tmp_path: Path) -> None:
    child, fate = wrapped(tmp_path)
    child.popen.kill()
    child.popen.wait()
    assert len(members(child.popen.pid)) == 1
    stop_orphan(tmp_path, "host", signal.SIGTERM)
    assert fate.read_text() == "in peace"
    assert not members(child.popen.pid)


def test_postgres_comes_back_after_it_was_killed_and_its_number_given_to_a_stranger(tmp_path: Path) -> None:
    server = Postgres(tmp_path)
    child = server.start()
    lock = server.home / "postmaster.pid"
    old = lock.read_text()
    child.kill()
    lock.write_text(old.replace(str(child.popen.pid), str(os.getpid()), 1))
    server.start()
    server.stop()


def test_data_that_were_half_made_are_made_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.unfinished").mkdir()
    (tmp_path / "postgres.unfinished" / "PG_VERSION").touch()
    server = Postgres(tmp_path)
    server.start()
    server.stop()
