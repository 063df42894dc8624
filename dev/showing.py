"""What `python3 dev up` shows: the table, the endpoints file, the host's log."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.stack import OWN_DATABASE, OWN_STORAGE, Endpoints

ENDPOINTS_FILE = "endpoints.json"


def table(url: str, host: str, endpoints: Endpoints, data: Path) -> str:
    """Return what runs where; of the user's own servers only that they are the user's."""
    shown = _shown(data)
    rows = {
        "app": f"{url}/api/",
        "host": host,
        "database": _own(OWN_DATABASE) or endpoints.database_url,
        "storage": _own(OWN_STORAGE) or endpoints.storage_connection_string,
        "logs": f"{shown}/logs/",
        "endpoints": f"{shown}/{ENDPOINTS_FILE}",
    }
    return "\n".join(f"  {what:<10} {where}" for what, where in rows.items())


@contextmanager
def endpoints_file(url: str, endpoints: Endpoints, data: Path) -> Iterator[None]:
    """Keep the endpoints in `<data>/endpoints.json` while the block lasts; only this user can read it."""
    path = data / ENDPOINTS_FILE
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    facts = {
        "api": url,
        "database_url": endpoints.database_url,
        "storage_connection_string": endpoints.storage_connection_string,
    }
    unfinished.write_text(json.dumps(facts, indent=2) + "\n")
    unfinished.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


class Log:
    """A log file, shown on stdout as it grows."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")

    def show_new_lines(self) -> None:
        """Print what was added since the last call."""
        sys.stdout.write(self.file.read().decode(errors="replace"))
        sys.stdout.flush()


def _own(key: str) -> str | None:
    return f"yours, from {key}" if os.environ.get(key) else None


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
