"""What was measured on: the figures of two machines, or versions, do not compare."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dev.bench import database

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """The machine's kind (never its name), the versions, and the time in UTC."""

    system: str
    processor: str
    cores: int
    python: str
    postgres: str
    date: str


def look(database_url: str) -> Machine:
    """Describe this machine and the server at `database_url`."""
    ((postgres,),) = database.query(database_url, "select current_setting('server_version')")
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        postgres=str(postgres).split()[0],
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _processor() -> str:
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
