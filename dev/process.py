"""A server of the stack as a child process: its log, its end, and what a killed run left behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.account import Account, ours

PROC = Path("/proc/self")  # Linux has it; elsewhere `ps` answers
LAUNCHER = Path(__file__).with_name("launch.py")


class Child:
    """A running program that logs to `<data>/logs/<name>.log` and, on Linux, ends when we end.

    `farewell` is the signal that asks it to end. Its number and command line are kept in
    `<data>/run/<name>.json` while it runs, so that a later run finds it should we be killed.
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
        with self.log.open("ab") as output:
            # Its own session: Ctrl-C in a terminal reaches us alone, and we stop everything in order.
            self.popen = subprocess.Popen(
                launched(command, account or ours(), farewell),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.record.write_text(json.dumps({"pid": self.popen.pid, "command": list(command)}))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def stop(self, seconds: float = 15) -> None:
        """Ask it to end, wait up to `seconds`, then end it and all it started."""
        if self.alive:
            self.popen.send_signal(self.farewell)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End it, and all it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
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
    """Stop the server `name` that a killed run left running on `data`; nothing else, ever.

    It is one only if the process of that number still has the very command line we gave it.
    """
    try:
        record = json.loads(_record(data, name).read_text())
    except (FileNotFoundError, ValueError):
        return
    pid, command = record["pid"], record["command"]
    if command_line(pid) == command:
        os.kill(pid, farewell)
        if not wait_until(lambda: command_line(pid) != command, seconds=15):
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: command_line(pid) != command, seconds=5)
    _record(data, name).unlink(missing_ok=True)


def command_line(pid: int) -> list[str]:
    """Return the command line of a process, empty if there is none (any more)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    if PROC.exists():
        return []
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout.split()


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask `condition` every 50 ms until it holds; say whether it did within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _record(data: Path, name: str) -> Path:
    return data / "run" / f"{name}.json"
