"""Locks between runs of `python3 dev` on one clone; they end with the process, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from dev.paths import ROOT

# Folders can be locked like files, so no lock files lie around.
INSTALLING = ROOT / "dev"
USING = ROOT


@contextmanager
def installing() -> Iterator[None]:
    """Let one run at a time look at what is installed and change it."""
    descriptor = os.open(INSTALLING, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another `python3 dev` installs; waiting for it …", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def in_use() -> bool:
    """Say whether another run uses what is installed."""
    descriptor = os.open(USING, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def use() -> None:
    """Keep others from changing what is installed, until this process ends."""
    descriptor = os.open(USING, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # survives becoming `.venv`'s Python; no child process gets it
    fcntl.flock(descriptor, fcntl.LOCK_SH)
