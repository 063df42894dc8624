"""Cold import of the app, beside that of an app with one function."""

import json
import os
import subprocess
import sys
from pathlib import Path

from dev.bench import figures
from dev.bench.figures import HEAVY, IMPORT, Measured
from dev.bench.setup import Setting
from dev.paths import ROOT

_ONE_FUNCTION = Path(__file__).with_name("one_function")
_IMPORT = """
import json, sys, time
begun = time.perf_counter()
import function_app
seconds = time.perf_counter() - begun
print(json.dumps([seconds, sum(name in sys.modules for name in ("pandas", "pyarrow", "numpy"))]))
"""


def measure(setting: Setting) -> list[Measured]:
    """Import both in turn, each time in a new process; compiled files are there, as after a deployment.

    Short as an import is, it is measured twice as often as a load.
    """
    cache = setting.folder / "compiled"
    for app in (ROOT, _ONE_FUNCTION):
        _import(app, cache)
    ours, theirs, heavy = [], [], []
    for _ in range(2 * setting.runs + 1):
        seconds, modules = _import(ROOT, cache)
        ours.append(seconds)
        heavy.append(float(modules))
        theirs.append(_import(_ONE_FUNCTION, cache)[0])
    return [figures.ratios(IMPORT, ours, theirs), Measured(HEAVY, tuple(heavy))]


def _import(app: Path, cache: Path) -> tuple[float, int]:
    """Seconds of `import function_app` in the folder `app`, and how many heavy modules came with it."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    shown = subprocess.run(
        [sys.executable, "-c", _IMPORT], cwd=app, env=environment, capture_output=True, text=True, check=True
    )
    seconds, modules = json.loads(shown.stdout.splitlines()[-1])
    return float(seconds), int(modules)
