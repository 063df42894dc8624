"""A Python 3.13 with the worker's library, installed once below `.venv`."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.install import installation_lock
from dev.paths import ROOT, VENV

HOME = VENV / "conformance-3.13"
RUNTIME = "azure-functions-runtime~=1.3"
NEEDED = (
    "azure-functions",
    "azurefunctions-extensions-bindings-blob",
    "azure-storage-blob",
    "azure-storage-queue",
    "uvicorn",
)


def _interpreters() -> Iterator[str]:
    if sys.version_info[:2] == (3, 13):
        yield sys.executable
    found = shutil.which("python3.13")
    if found:
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from map(str, sorted(pyenv.glob("versions/3.13*/bin/python3.13")))


def _is_3_13(interpreter: str) -> bool:
    # pyenv's shims are there, and fail, where the version is installed but not chosen.
    command = [interpreter, "-c", "import sys; print(*sys.version_info[:2])"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.split() == ["3", "13"]


def _requirements() -> list[str]:
    """The versions that the project pins, and the worker's library."""
    lines = [
        line.partition("#")[0].strip()
        for file in ("requirements.txt", "dev/requirements.txt")
        for line in (ROOT / file).read_text().splitlines()
    ]
    wanted = [line for line in lines if re.split(r"[~=<>!;\[ ]", line)[0] in NEEDED]
    return [RUNTIME, *wanted]


@pytest.fixture(scope="session")
def python_3_13() -> str:
    """A Python 3.13 that has azure-functions-runtime and what dev.host needs."""
    interpreter = next(filter(_is_3_13, _interpreters()), None)
    if interpreter is None:
        pytest.skip("no Python 3.13 on the PATH or in pyenv; azure-functions-runtime needs it")
    python, stamp = HOME / "bin" / "python", HOME / "requirements"
    requirements = _requirements()
    with installation_lock():  # another process of the same test run may want it, too
        _make(interpreter, python, stamp, requirements)
    return str(python)


def _make(interpreter: str, python: Path, stamp: Path, requirements: list[str]) -> None:
    if not stamp.exists() or stamp.read_text().split("\n") != requirements:
        subprocess.run([interpreter, "-m", "venv", "--clear", str(HOME)], check=True)
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *requirements,
        ]
        subprocess.run(command, check=True)
        stamp.write_text("\n".join(requirements))
