"""A server of the stack as a child process: its log, its end, and what a killed run left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from dev.account import Account, ours
from dev.groups import birth, carries, members

MARK = "STARTED_BY_PYTHON3_DEV"  # in the environment of all that a server starts
LAUNCHER = Path(__file__).with_name("launch.py")
T = TypeVar("T")


class Child:
    """A running program that logs to `<data>/logs/<name>.log` and, on Linux, ends when we end.

    It leads a process group of its own. `farewell` is the signal that asks it to end. What tells it from all
    other processes is kept in `<data>/run/<name>.json` while it runs, for a later run should we be killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        data: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        account: Account | None = None,
        farewell: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.farewell = farewell
        self.log = data / "logs" / f"{name}.log"
        self.record = _record(data, name)
        for needed in (self.log, self.record):
            needed.parent.mkdir(parents=True, exist_ok=True)
        mark = uuid.uuid4().hex
        with self.log.open("ab") as output:
            # Its own session: Ctrl-C in a terminal reaches us alone, and we stop everything in order.
            self.popen = subprocess.Popen(
                launched(command, account or ours(), farewell),
                cwd=folder,
                env={**(os.environ if environment is None else environment), MARK: mark},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        pid = self.popen.pid
        self.record.write_text(json.dumps({"pid": pid, "birth": birth(pid), "mark": f"{MARK}={mark}"}))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def came_up(self, answers: Callable[[], bool], seconds: float) -> bool:
        """Wait until `answers` says so, or it ended, or `seconds` are over; say whether it runs."""
        wait_until(lambda: answers() or not self.alive, seconds)
        return self.alive

    def stop(self, seconds: float = 15) -> None:
        """Ask it to end, wait up to `seconds` for it and all it started, then end what is left."""
        if self.alive:
            _dismiss(self.popen.pid, self.farewell, seconds)
        self.kill()

    def kill(self) -> None:
        """End it, and all it started, at once."""
        _kill(self.popen.pid)
        self.popen.wait()
        self.record.unlink(missing_ok=True)

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def launched(command: Sequence[str], account: Account, farewell: signal.Signals) -> list[str]:
    """Return `command` so put that it runs as `account` and gets the signal `farewell` when we end."""
    facts = (os.getpid(), farewell, account.user, account.group, account.capable)
    return [sys.executable, "-I", "-S", str(LAUNCHER), *(str(int(fact)) for fact in facts), *command]


def stop_orphan(data: Path, name: str, farewell: signal.Signals) -> None:
    """Stop the server `name` that a killed run left running on `data`, with all it started; never another.

    Its process group is still ours if its leader was born when ours was, or if a process in it carries the
    mark of that very start: the number of a group is not given away while anybody is in it.
    """
    record = _record(data, name)
    try:
        found = json.loads(record.read_text())
        group, born, mark = int(found["pid"]), str(found["birth"]), str(found["mark"])
    except (FileNotFoundError, ValueError, KeyError):
        return
    same_leader = bool(born) and birth(group) == born
    is_ours = same_leader or any(carries(pid, mark) for pid in members(group))
    if is_ours and not _dismiss(group, farewell, seconds=15):
        _kill(group)
        wait_until(lambda: not members(group), seconds=5)
    record.unlink(missing_ok=True)


def _dismiss(group: int, farewell: signal.Signals, seconds: float) -> bool:
    """Ask a process group to end; say whether it has within `seconds`.

    The signal goes to the server, which tells its own workers itself. Where the server was a wrapper that
    ended alone (npm's `func` is one), it goes to what is left without a parent, too.
    """
    told: set[int] = set()

    def gone() -> bool:
        present = members(group)
        for pid, parent in present.items():
            if parent not in present and pid not in told:
                told.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, farewell)
        return not present

    return wait_until(gone, seconds)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def wait_until(question: Callable[[], T], seconds: float) -> T:
    """Ask `question` every 50 ms until its answer is true, at most for `seconds`; return the last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def _record(data: Path, name: str) -> Path:
    return data / "run" / f"{name}.json"
