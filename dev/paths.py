"""Where the installed programs are, and the one pinned version that no requirement file can hold."""

import shutil
from pathlib import Path

from dev.errors import Complaint

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
AZURITE_VERSION = "3.35.0"  # docker-compose.yml names the same
AZURITE_HOME = VENV / "azurite"
AZURITE = AZURITE_HOME / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"


def node() -> str:
    """Return the path of Node.js, which runs Azurite."""
    return _needed("node")


def npm() -> str:
    """Return the path of npm, which fetches Azurite."""
    return _needed("npm")


def _needed(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Complaint(
            f"{name} is not on the PATH: install Node.js 18 or newer with npm (the storage emulator Azurite "
            "runs on it), or set STORAGE_CONNECTION_STRING to a storage account of yours"
        )
    return found
