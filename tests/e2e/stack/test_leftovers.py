"""What a killed run, or a power cut, left behind does not stand in the way of the next one."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.postgres import Postgres
from dev.process import command_line, stop_orphan, wait_until

SLEEP = ["sleep", "600"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEP) as process:
        # A process that is just becoming its program has no command line for a moment.
        assert wait_until(lambda: command_line(process.pid) == SLEEP, seconds=5)
        yield process
        process.kill()


def leave_record(data: Path, pid: int, command: list[str]) -> Path:
    record = data / "run" / "azurite.json"
    record.parent.mkdir()
    record.write_text(json.dumps({"pid": pid, "command": command}))
    return record


def test_an_orphan_with_our_command_line_is_stopped(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record = leave_record(tmp_path, sleeper.pid, SLEEP)
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert sleeper.wait(5) == -signal.SIGTERM
    assert not record.exists()


def test_a_stranger_with_an_orphans_number_lives_on(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record = leave_record(tmp_path, sleeper.pid, ["node", "azurite.js"])
    stop_orphan(tmp_path, "azurite", signal.SIGTERM)
    assert command_line(sleeper.pid) == SLEEP
    assert not record.exists()


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
