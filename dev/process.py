"""Child processes of the local stack: start, stop, and find what a killed run left running."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

MARKER = "STARTED_BY_PYTHON3_DEV"  # an environment variable of everything that a server starts
LAUNCHER = Path(__file__).with_name("launch.py")
PROC = Path("/proc")
ON_LINUX = (PROC / "self").exists()  # elsewhere the facts come from `ps`
T = TypeVar("T")


@dataclass(frozen=True)
class Account:
    """A user and a group by number; with `bypass_permissions` it can read folders that only root can read."""

    user: int
    group: int
    bypass_permissions: bool = False

    def own(self, path: Path) -> None:
        """Make this account the owner of `path`."""
        if self.user != os.getuid():
            os.chown(path, self.user, self.group)


def current_account() -> Account:
    """Return the account that this process runs as."""
    return Account(os.getuid(), os.getgid())


class ChildProcess:
    """A server that logs to `<data>/logs/<name>.log` and, on Linux, ends when this process ends.

    It leads its own process group. `stop_signal` asks it to end. While it runs, `<data>/run/<name>.json`
    identifies it, so that a later run can stop it if this process is killed.
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
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.stop_signal = stop_signal
        self.log = data / "logs" / f"{name}.log"
        self.record = _record(data, name)
        for file in (self.log, self.record):
            file.parent.mkdir(parents=True, exist_ok=True)
        marker = uuid.uuid4().hex
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C reaches only this process, which stops all servers in order.
            self.popen = subprocess.Popen(
                child_command(command, account or current_account(), stop_signal),
                cwd=folder,
                env={**(os.environ if environment is None else environment), MARKER: marker},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        pid = self.popen.pid
        facts = {"pid": pid, "start_time": start_time(pid), "marker": f"{MARKER}={marker}"}
        self.record.write_text(json.dumps(facts))

    @property
    def is_running(self) -> bool:
        """Whether the process runs."""
        return self.popen.poll() is None

    def wait_until_up(self, answers: Callable[[], bool], seconds: float) -> bool:
        """Wait until `answers()` is true; return False if the process ends before or `seconds` pass."""
        return wait_until(lambda: answers() or not self.is_running, seconds) and self.is_running

    def stop(self, seconds: float = 15) -> None:
        """Ask the process to end, wait up to `seconds` for it and all it started, then kill the rest."""
        if self.is_running:
            _stop_group(self.popen.pid, self.stop_signal, seconds)
        self.kill()

    def kill(self) -> None:
        """Kill the process and all it started."""
        _kill_group(self.popen.pid)
        self.popen.wait()
        self.record.unlink(missing_ok=True)

    def last_lines(self, count: int = 15) -> str:
        """Return the last `count` lines of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def child_command(command: Sequence[str], account: Account, parent_death_signal: signal.Signals) -> list[str]:
    """Return the command that runs `command` as `account` and gets the signal when this process ends."""
    facts = (os.getpid(), parent_death_signal, account.user, account.group, account.bypass_permissions)
    return [sys.executable, "-I", "-S", str(LAUNCHER), *(str(int(fact)) for fact in facts), *command]


def stop_orphan(data: Path, name: str, stop_signal: signal.Signals) -> None:
    """Stop the server `name` that a killed run left running on `data`, and all that it started.

    No other process is stopped. The process group is that server's if its leader has the recorded start time
    or a process in it has the marker of that start: the kernel does not reuse the number of a group while it
    has members.
    """
    record = _record(data, name)
    try:
        facts = json.loads(record.read_text())
        group, started, marker = int(facts["pid"]), str(facts["start_time"]), str(facts["marker"])
    except (FileNotFoundError, ValueError, KeyError):
        return
    same_leader = bool(started) and start_time(group) == started
    is_orphan = same_leader or any(has_marker(pid, marker) for pid in group_members(group))
    if is_orphan and not _stop_group(group, stop_signal, seconds=15):
        _kill_group(group)
        wait_until(lambda: not group_members(group), seconds=5)
    record.unlink(missing_ok=True)


def _stop_group(group: int, stop_signal: signal.Signals, seconds: float) -> bool:
    """Ask a process group to end; return whether it ends within `seconds`.

    The signal is sent to the server, which stops its own workers. If the server is a wrapper that ends
    without its children (npm's `func` is one), those that are left without a parent get the signal too.
    """
    signalled: set[int] = set()

    def has_ended() -> bool:
        members = group_members(group)
        for pid, parent in members.items():
            if parent not in members and pid not in signalled:
                signalled.add(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, stop_signal)
        return not members

    return wait_until(has_ended, seconds)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def wait_until(condition: Callable[[], T], seconds: float) -> T:
    """Call `condition` every 50 ms until it is true or `seconds` have passed; return its last result."""
    deadline = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def _record(data: Path, name: str) -> Path:
    return data / "run" / f"{name}.json"


def group_members(group: int) -> dict[int, int]:
    """Return the live processes of a process group: process number → parent's number."""
    processes = _processes_from_proc() if ON_LINUX else _processes_from_ps()
    return {pid: parent for pid, parent, its_group, state in processes if its_group == group and state != "Z"}


def start_time(pid: int) -> str:
    """Return the start time of a process, on Linux with the boot's id; empty if there is no such process.

    It identifies the process: a later process with the same number has another start time.
    """
    if not ON_LINUX:
        return _ps("-o", "lstart=", "-p", str(pid)).strip()
    stat = _stat(pid)
    return f"{(PROC / 'sys/kernel/random/boot_id').read_text().strip()} {stat[19]}" if stat else ""


def has_marker(pid: int, marker: str) -> bool:
    """Return whether a process was started with `marker` (`NAME=value`) in its environment."""
    with contextlib.suppress(OSError):
        return marker.encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def command_line(pid: int) -> list[str]:
    """Return the command line of a process, empty if there is no such process."""
    if ON_LINUX:
        with contextlib.suppress(OSError):
            return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        return []
    # `ps` does not quote: only the end of the program's path is certain.
    program, line = (_ps("-o", f"{column}=", "-p", str(pid)).strip() for column in ("comm", "command"))
    return [program, *line.removeprefix(program).split()] if program else []


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the third (the state) on, see proc_pid_stat(5)."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _processes_from_proc() -> list[tuple[int, int, int, str]]:
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    stats = [(pid, stat) for pid in pids if (stat := _stat(pid))]
    return [(pid, int(stat[1]), int(stat[2]), stat[0]) for pid, stat in stats]


def _processes_from_ps() -> list[tuple[int, int, int, str]]:
    lines = [line.split() for line in _ps("-A", "-o", "pid=,ppid=,pgid=,stat=").splitlines()]
    return [(int(pid), int(parent), int(group), state[:1]) for pid, parent, group, state in lines]


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
