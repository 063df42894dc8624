"""What the system knows of running processes: who belongs to a group, and whether they are who we think."""

import contextlib
import subprocess
from pathlib import Path

PROC = Path("/proc")
ON_LINUX = (PROC / "self").exists()  # elsewhere `ps` answers


def members(group: int) -> dict[int, int]:
    """Return the live processes of a process group, each with its parent's number."""
    found = _from_proc() if ON_LINUX else _from_ps()
    return {pid: parent for pid, parent, their_group, state in found if their_group == group and state != "Z"}


def birth(pid: int) -> str:
    """Return what no later process of the same number shares, empty if there is none."""
    if not ON_LINUX:
        return _ps("-o", "lstart=", "-p", str(pid)).strip()
    stat = _stat(pid)
    return f"{(PROC / 'sys/kernel/random/boot_id').read_text().strip()} {stat[19]}" if stat else ""


def carries(pid: int, mark: str) -> bool:
    """Say whether a process was started with `mark` (`NAME=value`) in its environment."""
    with contextlib.suppress(OSError):
        return mark.encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    return False


def command_line(pid: int) -> list[str]:
    """Return the command line of a process, empty if there is none (any more)."""
    if ON_LINUX:
        with contextlib.suppress(OSError):
            return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        return []
    # `ps` does not quote: only where the program's own path ends is certain.
    program, line = (_ps("-o", f"{column}=", "-p", str(pid)).strip() for column in ("comm", "command"))
    return [program, *line.removeprefix(program).split()] if program else []


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on (the third), see proc_pid_stat(5)."""
    with contextlib.suppress(OSError):
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return []


def _from_proc() -> list[tuple[int, int, int, str]]:
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    stats = [(pid, stat) for pid in pids if (stat := _stat(pid))]
    return [(pid, int(stat[1]), int(stat[2]), stat[0]) for pid, stat in stats]


def _from_ps() -> list[tuple[int, int, int, str]]:
    lines = [line.split() for line in _ps("-A", "-o", "pid=,ppid=,pgid=,stat=").splitlines()]
    return [(int(pid), int(parent), int(group), state[:1]) for pid, parent, group, state in lines]


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
