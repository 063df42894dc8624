"""Other loaders, each in a process of its own: what they take for the same file on the same server."""

import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dev.bench import database, extras, figures, yardstick
from dev.bench.figures import ADBC, DLT, TO_SQL, Figure, Measured
from dev.bench.setup import Setting
from dev.errors import Complaint

TENTH = 10
_SCRIPTS = Path(__file__).with_name("others")


@dataclass(frozen=True)
class Other:
    """A loader's script, its Python, the table it fills; a `slow` one loads a tenth of the rows, once."""

    script: str
    python: Path
    table: str = "plain"
    slow: bool = False


OTHERS = {
    ADBC: Other("adbc_ingest.py", extras.PYTHON),
    DLT: Other("dlt_merge.py", extras.PYTHON, table="merged.plain", slow=True),
    TO_SQL: Other("pandas_to_sql.py", Path(sys.executable), slow=True),
}


def measure(setting: Setting, chosen: Collection[Figure]) -> list[Measured]:
    """Time the loaders of the figures `chosen`; what they need beyond the app's packages is there."""
    wanted = {figure: other for figure, other in OTHERS.items() if figure in chosen}
    return [_measure(setting, figure, other) for figure, other in wanted.items()]


def _measure(setting: Setting, figure: Figure, other: Other) -> Measured:
    rows = max(setting.rows // TENTH, 1) if other.slow else setting.rows
    pairs = [_time(setting, other, rows, run) for run in range(1 if other.slow else setting.runs)]
    return figures.ratios(figure, [theirs for theirs, _ in pairs], [copied for _, copied in pairs])


def _time(setting: Setting, other: Other, rows: int, run: int) -> tuple[float, float]:
    r"""Seconds of the loader, by its own clock and without its imports, and of `\copy` before it."""
    file, folder = setting.file(range(rows)), setting.folder / f"{other.script}-{run}"
    with database.fresh(setting.postgres) as url:
        copied = yardstick.copy(setting.postgres, url, file)
        database.settle(url)
        command = [str(other.python), str(_SCRIPTS / other.script), url, str(file), str(folder)]
        shown = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if shown.returncode != 0:
            raise Complaint(f"{other.script} failed, see above")
        found = database.query(url, f"select count(*) from {other.table}")  # noqa: S608 - a constant
    if found != [(rows,)]:
        raise RuntimeError(f"{other.script} loaded {found} of {rows} rows")
    return float(shown.stdout.split()[-1]), copied
