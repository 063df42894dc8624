"""A data directory: made by us, marked as ours, used by one run at a time."""

import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.errors import Complaint
from dev.process import stop_orphan

MARKER = "made-by-python3-dev"
TEXT = "Data of the local stack, made by `python3 dev up`; `python3 dev reset` removes them.\n"
SERVERS = {"host": signal.SIGTERM, "azurite": signal.SIGTERM, "postgres": signal.SIGINT}


@contextmanager
def held(data: Path) -> Iterator[Path]:
    """Make `data` if need be, keep other runs out of it, and stop what a killed run left running on it."""
    marker = data / MARKER
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not marker.exists():
            _refuse_foreign(data)
            marker.write_text(TEXT)
        file = marker.open("r+")
    except OSError as error:
        raise Complaint(
            f"cannot write to the data directory {data} ({error.strerror}): make it writable for this user, "
            "or name another with --data"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Complaint(
                f"`python3 dev up` already runs on {data}: stop it first (Ctrl-C there)"
            ) from error
        for name, farewell in SERVERS.items():
            stop_orphan(data, name, farewell)
        yield data


def is_ours(data: Path) -> bool:
    """Say whether we made `data`."""
    return (data / MARKER).is_file()


def _refuse_foreign(data: Path) -> None:
    if any(data.iterdir()):
        raise Complaint(
            f"{data} holds files that are not of the local stack: name another directory with --data"
        )
