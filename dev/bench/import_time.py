"""Cold import of the app, next to that of an app with one function."""

import json
import os
import subprocess
import sys
from pathlib import Path

from dev.bench import figures
from dev.bench.figures import HEAVY_MODULES, IMPORT, Measurement
from dev.bench.setup import Setup
from dev.paths import ROOT

_ONE_FUNCTION = Path(__file__).with_name("one_function")
_PROGRAM = """
import json, sys, time
began = time.perf_counter()
import function_app
seconds = time.perf_counter() - began
print(json.dumps([seconds, sum(name in sys.modules for name in ("pandas", "pyarrow", "numpy"))]))
"""


def measure(setup: Setup) -> list[Measurement]:
    """Import both apps alternately, each time in a new process with compiled files, as after a deployment.

    An import is short, so it is timed twice as often as a load.
    """
    cache = setup.folder / "compiled"
    for app in (ROOT, _ONE_FUNCTION):
        _import(app, cache)
    app_seconds, one_function_seconds, heavy = [], [], []
    for _ in range(2 * setup.runs + 1):
        seconds, modules = _import(ROOT, cache)
        app_seconds.append(seconds)
        heavy.append(float(modules))
        one_function_seconds.append(_import(_ONE_FUNCTION, cache)[0])
    return [
        figures.ratios(IMPORT, app_seconds, one_function_seconds),
        Measurement(HEAVY_MODULES, tuple(heavy)),
    ]


def _import(app: Path, cache: Path) -> tuple[float, int]:
    """Return the seconds of `import function_app` in the folder `app`, and the number of heavy modules."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    printed = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=app, env=environment, capture_output=True, text=True, check=True
    )
    seconds, modules = json.loads(printed.stdout.splitlines()[-1])
    return float(seconds), int(modules)
