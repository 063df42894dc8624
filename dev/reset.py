"""`python3 dev reset`: removes local data."""

import shutil
import sys
from pathlib import Path

from dev import data_dir as folder
from dev.errors import Complaint


def reset(data: Path, *, yes: bool) -> int:
    """Remove the data directory `data` if we made it and nothing runs on it; return the exit code."""
    if not data.exists():
        print(f"{data} does not exist: nothing to remove")
        return 0
    if not folder.is_ours(data):
        raise Complaint(f"{data} was not made by `python3 dev up`, so it stays")
    with folder.held(data):
        if not (yes or _confirmed(data)):
            print("nothing removed")
            return 0
        try:
            shutil.rmtree(data)
        except OSError as error:
            raise Complaint(
                f"cannot remove {error.filename} ({error.strerror}): run this as the user who ran "
                "`python3 dev up`"
            ) from error
    print(f"removed {data}")
    return 0


def _confirmed(data: Path) -> bool:
    if not sys.stdin.isatty():
        raise Complaint("reset removes data: confirm with --yes")
    return input(f"Remove all local data in {data}? [y/N] ").strip().lower() in {"y", "yes"}
