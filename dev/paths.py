"""Paths of the clone, of `.venv`, and of the programs that the local stack needs."""

import shutil
from pathlib import Path

from dev.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
AZURITE_VERSION = (
    "3.35.0"  # the only pinned version that is in no requirement file; also in docker-compose.yml
)
AZURITE_HOME = VENV / "azurite"
AZURITE = AZURITE_HOME / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"


def node() -> str:
    """Return the path of Node.js, which runs Azurite."""
    return _required_program("node")


def npm() -> str:
    """Return the path of npm, which installs Azurite."""
    return _required_program("npm")


def _required_program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise UsageError(
            f"{name} is not on the PATH: install Node.js 18 or newer with npm (the storage emulator Azurite "
            "needs it), or set STORAGE_CONNECTION_STRING to a storage account of your own"
        )
    return path
