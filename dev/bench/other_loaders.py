"""Other loaders: installed into an environment of their own, timed with the same file and server."""

import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dev.bench import database, figures
from dev.bench.figures import ADBC, DLT, TO_SQL, Figure, Measurement
from dev.bench.setup import Setup
from dev.errors import UsageError
from dev.install import installation_lock, pip_installer, requirements_stamp, run_installers
from dev.paths import ROOT, VENV
from dev.progress import Steps

REQUIREMENTS = ROOT / "dev" / "bench" / "requirements.txt"
HOME = VENV / "bench"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "installed-by-dev"
SLOW_LOADER_DIVISOR = 10
_SCRIPTS = Path(__file__).with_name("others")


@dataclass(frozen=True)
class OtherLoader:
    """A loader's script, Python and target table; a `slow` one loads a tenth of the rows, once."""

    script: str
    python: Path
    table: str = "plain"
    slow: bool = False


LOADERS = {
    ADBC: OtherLoader("adbc_ingest.py", PYTHON),
    DLT: OtherLoader("dlt_merge.py", PYTHON, table="merged.plain", slow=True),
    TO_SQL: OtherLoader("pandas_to_sql.py", Path(sys.executable), slow=True),
}


def ensure_installed() -> None:
    """Install the loaders if they are missing or outdated; the app's environment does not change."""
    stamp = requirements_stamp([REQUIREMENTS])
    with installation_lock():
        if STAMP.is_file() and STAMP.read_text() == stamp:
            return
        try:
            shutil.rmtree(HOME, ignore_errors=True)
            with Steps("install", 1).step("other loaders (the first time this takes some minutes)") as step:
                subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
                run_installers([pip_installer("the other loaders", PYTHON, REQUIREMENTS)], step.heartbeat)
            STAMP.write_text(stamp)
        except OSError as error:
            raise UsageError(f"cannot write to {error.filename or HOME} ({error.strerror})") from error


def measure(setup: Setup, chosen: Collection[Figure]) -> list[Measurement]:
    """Time the loaders of the figures `chosen`, after `ensure_installed`."""
    wanted = {figure: loader for figure, loader in LOADERS.items() if figure in chosen}
    return [_measure(setup, figure, loader) for figure, loader in wanted.items()]


def _measure(setup: Setup, figure: Figure, loader: OtherLoader) -> Measurement:
    rows = max(setup.rows // SLOW_LOADER_DIVISOR, 1) if loader.slow else setup.rows
    pairs = [_time(setup, loader, rows, run) for run in range(1 if loader.slow else setup.runs)]
    return figures.ratios(figure, [seconds for seconds, _ in pairs], [copied for _, copied in pairs])


def _time(setup: Setup, loader: OtherLoader, rows: int, run: int) -> tuple[float, float]:
    r"""Return the seconds that the script prints (without its imports), and those of `\copy` before it."""
    file, folder = setup.file(range(rows)), setup.folder / f"{loader.script}-{run}"
    with database.new_database(setup.postgres) as url:
        copied = database.copy_seconds(setup.postgres, url, file)
        database.make_idle(url)
        command = [str(loader.python), str(_SCRIPTS / loader.script), url, str(file), str(folder)]
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if printed.returncode != 0:
            raise UsageError(f"{loader.script} failed, see above")
        found = database.query(url, f"select count(*) from {loader.table}")  # noqa: S608 - a constant
    if found != [(rows,)]:
        raise RuntimeError(f"{loader.script} loaded {found} of {rows} rows")
    return float(printed.stdout.split()[-1]), copied
