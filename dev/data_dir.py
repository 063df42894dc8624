"""The data directory of the local stack: marked with a file, and used by one run at a time."""

import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.errors import UsageError
from dev.process import stop_orphan

MARKER = "made-by-python3-dev"
MARKER_TEXT = "Data of the local stack, created by `python3 dev up`. Remove it with `python3 dev reset`.\n"
STOP_SIGNALS = {"host": signal.SIGTERM, "azurite": signal.SIGTERM, "postgres": signal.SIGINT}
"""The servers that may run on a data directory, in the order in which they are stopped."""


@contextmanager
def hold_data_dir(data: Path) -> Iterator[Path]:
    """Create `data` if it is missing and lock it; stop the servers that a killed run left running on it."""
    marker = data / MARKER
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not marker.exists():
            _check_empty(data)
            marker.write_text(MARKER_TEXT)
        file = marker.open("r+")
    except OSError as error:
        raise UsageError(
            f"cannot write to the data directory {data} ({error.strerror}): make it writable for this user, "
            "or choose another with --data"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"`python3 dev up` already runs on {data}: stop it first (Ctrl-C there)"
            ) from error
        for name, stop_signal in STOP_SIGNALS.items():
            stop_orphan(data, name, stop_signal)
        yield data


def is_data_dir(path: Path) -> bool:
    """Return whether `python3 dev up` created `path`."""
    return (path / MARKER).is_file()


def _check_empty(data: Path) -> None:
    if any(data.iterdir()):
        raise UsageError(f"{data} contains files of another program: choose another directory with --data")
