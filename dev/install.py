"""What the stack runs with, installed below `.venv`: the Python packages and Azurite.

Each has a stamp, which is complete only when its installation is: one that was interrupted is redone.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from dev import lock
from dev.errors import Complaint
from dev.installer import Installer, fetch_all
from dev.paths import AZURITE_HOME, AZURITE_VERSION, ROOT, VENV, VENV_PYTHON, node, npm
from dev.progress import Steps

REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "dev" / "requirements.txt")
PYTHON_STAMP = VENV / "installed-by-dev"
AZURITE_STAMP = AZURITE_HOME / "installed-by-dev"
UNFINISHED = "unfinished\n"


def ensure(*, azurite: bool) -> None:
    """Install what is missing or outdated, with Azurite if asked, and keep it from changing while we run."""
    with lock.installing():
        python_is_due = not (VENV_PYTHON.exists() and _read(PYTHON_STAMP) == python_stamp())
        azurite_is_due = azurite and (python_is_due or _read(AZURITE_STAMP) != AZURITE_VERSION)
        if azurite:
            node()
        if python_is_due or azurite_is_due:
            _check(python_is_due=python_is_due, azurite_is_due=azurite_is_due)
            try:
                _install(python_is_due=python_is_due, azurite_is_due=azurite_is_due)
            except OSError as error:
                raise Complaint(f"cannot write to {error.filename or VENV} ({error.strerror})") from error
        lock.use()


def python_stamp() -> str:
    """Return what `.venv` is made of: the Python and the requirement files."""
    return stamp(REQUIREMENTS)


def stamp(requirements: Iterable[Path]) -> str:
    """Return what an environment of these requirement files is made of."""
    files = hashlib.sha256(b"\0".join(path.read_bytes() for path in requirements)).hexdigest()
    return f"Python {platform.python_version()} of {sys.base_prefix}\nrequirements {files}\n"


def _check(*, python_is_due: bool, azurite_is_due: bool) -> None:
    if lock.in_use():
        raise Complaint(
            "what is installed in .venv is outdated, and another `python3 dev` uses it: stop that one first"
        )
    place = VENV if VENV.exists() else ROOT
    if not os.access(place, os.W_OK):
        raise Complaint(
            f"cannot write to {place}: make it writable for this user, or use a clone of your own"
        )
    if python_is_due and not (find_spec("venv") and find_spec("ensurepip")):
        raise Complaint(
            f"this Python ({sys.executable}) has no venv module: install it, on Debian and Ubuntu with "
            "`apt install python3-venv`"
        )
    if azurite_is_due:
        npm()


def _install(*, python_is_due: bool, azurite_is_due: bool) -> None:
    steps = Steps("install", python_is_due + 1)
    installers = []
    if python_is_due:
        with steps.step(f"virtual environment .venv, Python {platform.python_version()}"):
            _make_venv()
        installers.append(pip("Python packages", VENV_PYTHON, REQUIREMENTS[-1]))
    if azurite_is_due:
        shutil.rmtree(AZURITE_HOME, ignore_errors=True)
        AZURITE_HOME.mkdir()
        installers.append(_npm())
    names = " and ".join(installer.what for installer in installers)
    with steps.step(f"{names}, the first time some minutes") as step:
        fetch_all(installers, step.still_alive)
    if python_is_due:
        PYTHON_STAMP.write_text(python_stamp())
    if azurite_is_due:
        AZURITE_STAMP.write_text(AZURITE_VERSION)


def _make_venv() -> None:
    if VENV.exists() and _read(PYTHON_STAMP) is None:
        return _adopt_foreign()
    VENV.mkdir(exist_ok=True)
    PYTHON_STAMP.write_text(UNFINISHED)
    for entry in VENV.iterdir():  # all but the stamp, which says until the end that the rest is ours
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry != PYTHON_STAMP:
            entry.unlink()
    # Not `sys.executable`: that one may lie in the folder just emptied.
    made = subprocess.run(
        [sys._base_executable, "-m", "venv", str(VENV)],  # type: ignore[attr-defined]
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise Complaint(f"Python could not make {VENV}: {(made.stdout + made.stderr).strip()}")
    return None


def _adopt_foreign() -> None:
    """Accept a `.venv` that the user, or an editor, made with this same Python; it is not ours to remove."""
    ask = "import platform, sys; print(platform.python_version(), sys.base_prefix)"
    try:
        shown = subprocess.run(
            [str(VENV_PYTHON), "-c", ask], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        shown = ""
    if shown.strip() != f"{platform.python_version()} {sys.base_prefix}":
        raise Complaint(
            f"{VENV} was not made by `python3 dev`, and with another Python: move it away, or run this with "
            "that Python"
        )


def pip(what: str, python: Path, requirements: Path) -> Installer:
    """Return the installer of a requirement file into the environment of `python`."""
    command = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    return Installer(what, [*command, "-r", str(requirements)])


def _npm() -> Installer:
    options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    command = [npm(), "install", "--prefix", str(AZURITE_HOME), *options, f"azurite@{AZURITE_VERSION}"]
    return Installer(f"Azurite {AZURITE_VERSION}", command)


def _read(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.is_file() else None
