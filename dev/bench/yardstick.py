r"""The yardstick: `psql \copy` of a file from disk into a plain table of the same columns and key."""

import subprocess
import time
from pathlib import Path

from dev.bench import database
from dev.postgres import Postgres


def copy(postgres: Postgres, url: str, file: Path) -> float:
    r"""Seconds of `\copy` into the plain table, the start of psql included; the table is empty afterwards."""
    command = [str(postgres.psql), url, "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
    database.settle(url)
    begun = time.perf_counter()
    subprocess.run([*command, "-c", rf"\copy plain from '{file}' with (format csv, header)"], check=True)
    seconds = time.perf_counter() - begun
    database.execute(url, "truncate plain")
    return seconds
