"""The other loaders' packages, in an environment of their own: the app's is not changed by measuring."""

import shutil
import subprocess
import sys

from dev import install as environment
from dev import lock
from dev.errors import Complaint
from dev.installer import fetch_all
from dev.paths import ROOT, VENV
from dev.progress import Steps

REQUIREMENTS = ROOT / "dev" / "bench" / "requirements.txt"
HOME = VENV / "bench"
PYTHON = HOME / "bin" / "python"
STAMP = HOME / "installed-by-dev"


def ensure() -> None:
    """Install them if they are missing or outdated."""
    wanted = environment.stamp([REQUIREMENTS])
    with lock.installing():
        if STAMP.is_file() and STAMP.read_text() == wanted:
            return
        try:
            shutil.rmtree(HOME, ignore_errors=True)
            with Steps("install", 1).step("the other loaders, the first time some minutes") as step:
                subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
                fetch_all([environment.pip("the other loaders", PYTHON, REQUIREMENTS)], step.still_alive)
            STAMP.write_text(wanted)
        except OSError as error:
            raise Complaint(f"cannot write to {error.filename or HOME} ({error.strerror})") from error
