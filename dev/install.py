"""Installs the Python packages and Azurite into `.venv`, once, also when several runs need them.

Each installation has a stamp file that is written when it is complete: an interrupted one is repeated.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from dev.errors import UsageError
from dev.paths import AZURITE_HOME, AZURITE_VERSION, ROOT, VENV, VENV_PYTHON, node, npm
from dev.process import child_command, current_account
from dev.progress import Steps

REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "dev" / "requirements.txt")
PYTHON_STAMP = VENV / "installed-by-dev"
AZURITE_STAMP = AZURITE_HOME / "installed-by-dev"
UNFINISHED = "unfinished\n"
# Locks between the runs of `python3 dev` on this clone: a lock on a folder needs no lock file, and the kernel
# releases it when the process ends.
INSTALL_LOCK = ROOT / "dev"
USE_LOCK = ROOT
NETWORK_ERROR = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET"
    r"|Failed to establish a new connection|name resolution|NameResolutionError|ConnectTimeout|ProxyError"
    r"|Network is unreachable|Connection refused"
)
PRINTED_LINES = 20


def ensure_installed(*, azurite: bool) -> None:
    """Install what is missing or outdated; no other run can change it until this process ends.

    `azurite` says whether this run needs Azurite.
    """
    with installation_lock():
        python_is_due = not (VENV_PYTHON.exists() and _read(PYTHON_STAMP) == python_stamp())
        azurite_is_due = azurite and (python_is_due or _read(AZURITE_STAMP) != AZURITE_VERSION)
        if azurite:
            node()
        if python_is_due or azurite_is_due:
            _check_installable(python_is_due=python_is_due, azurite_is_due=azurite_is_due)
            try:
                _install(python_is_due=python_is_due, azurite_is_due=azurite_is_due)
            except OSError as error:
                raise UsageError(f"cannot write to {error.filename or VENV} ({error.strerror})") from error
        _hold_use_lock()


def python_stamp() -> str:
    """Return the stamp of a complete `.venv`."""
    return requirements_stamp(REQUIREMENTS)


def requirements_stamp(requirements: Iterable[Path]) -> str:
    """Return the stamp of an environment with this Python and these requirement files."""
    hashed = hashlib.sha256(b"\0".join(path.read_bytes() for path in requirements)).hexdigest()
    return f"Python {platform.python_version()} of {sys.base_prefix}\nrequirements {hashed}\n"


@contextlib.contextmanager
def installation_lock() -> Iterator[None]:
    """Let one run at a time check and change what is installed."""
    descriptor = os.open(INSTALL_LOCK, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another `python3 dev` installs; waiting for it …", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _hold_use_lock() -> None:
    """Keep other runs from changing what is installed until this process ends."""
    descriptor = os.open(USE_LOCK, os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # kept when `.venv`'s Python replaces this process; not by children
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def _is_in_use() -> bool:
    descriptor = os.open(USE_LOCK, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _check_installable(*, python_is_due: bool, azurite_is_due: bool) -> None:
    if _is_in_use():
        raise UsageError(
            "the packages in .venv are outdated, and another `python3 dev` uses them: stop that one first"
        )
    folder = VENV if VENV.exists() else ROOT
    if not os.access(folder, os.W_OK):
        raise UsageError(
            f"cannot write to {folder}: make it writable for this user, or use a clone of your own"
        )
    if python_is_due and not (find_spec("venv") and find_spec("ensurepip")):
        raise UsageError(
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
        installers.append(pip_installer("Python packages", VENV_PYTHON, REQUIREMENTS[-1]))
    if azurite_is_due:
        shutil.rmtree(AZURITE_HOME, ignore_errors=True)
        AZURITE_HOME.mkdir()
        installers.append(_azurite_installer())
    names = " and ".join(installer.title for installer in installers)
    with steps.step(f"{names} (the first time this takes some minutes)") as step:
        run_installers(installers, step.heartbeat)
    if python_is_due:
        PYTHON_STAMP.write_text(python_stamp())
    if azurite_is_due:
        AZURITE_STAMP.write_text(AZURITE_VERSION)


def _make_venv() -> None:
    if VENV.exists() and _read(PYTHON_STAMP) is None:
        _check_foreign_venv()
        return
    VENV.mkdir(exist_ok=True)
    PYTHON_STAMP.write_text(UNFINISHED)
    for entry in VENV.iterdir():  # the stamp stays: it says that this `.venv` may be emptied
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry != PYTHON_STAMP:
            entry.unlink()
    # Not `sys.executable`, which may be in the folder that was just emptied.
    made = subprocess.run(
        [sys._base_executable, "-m", "venv", str(VENV)],  # type: ignore[attr-defined]
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise UsageError(f"Python could not create {VENV}: {(made.stdout + made.stderr).strip()}")


def _check_foreign_venv() -> None:
    """Accept a `.venv` that the user or an editor created, if it has this Python; it is never emptied."""
    program = "import platform, sys; print(platform.python_version(), sys.base_prefix)"
    try:
        printed = subprocess.run(
            [str(VENV_PYTHON), "-c", program], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        printed = ""
    if printed.strip() != f"{platform.python_version()} {sys.base_prefix}":
        raise UsageError(
            f"{VENV} was not created by `python3 dev` and has another Python: move it away, or run this with "
            "that Python"
        )


def _read(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.is_file() else None


def _temporary_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", errors="replace")


@dataclass
class Installer:
    """A command that installs packages from the package registry that this machine is configured for."""

    title: str
    command: list[str]
    output: IO[str] = field(default_factory=_temporary_file)
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the command."""
        self.popen = subprocess.Popen(
            # Killed together with this process, so that it cannot still write while the next run repairs.
            child_command(self.command, current_account(), signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def has_ended(self) -> bool:
        """Return whether the command has ended; if it failed, print its output and raise `UsageError`."""
        if self.popen is None or self.popen.poll() is None:
            return False
        if self.popen.returncode != 0:
            self.output.seek(0)
            text = self.output.read().strip()
            reason = "failed, see above"
            if NETWORK_ERROR.search(text):
                reason = "failed because the package registry cannot be reached: check this machine's network"
            print("", *text.splitlines()[-PRINTED_LINES:], sep="\n")
            raise UsageError(f"installing {self.title} {reason}")
        return True

    def kill(self) -> None:
        """Kill the command and all that it started; its output is deleted."""
        if self.popen is not None and self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        self.output.close()


def run_installers(installers: list[Installer], heartbeat: Callable[[], None]) -> None:
    """Run all installers at the same time, calling `heartbeat` repeatedly; one failure stops the others."""
    try:
        for installer in installers:
            installer.start()
        while not all([installer.has_ended() for installer in installers]):  # noqa: C419 - ask every one
            heartbeat()
            time.sleep(0.1)
    finally:
        for installer in installers:
            installer.kill()


def pip_installer(title: str, python: Path, requirements: Path) -> Installer:
    """Return the installer of a requirement file into the environment of `python`."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return Installer(title, [str(python), "-m", "pip", "install", *options, "-r", str(requirements)])


def _azurite_installer() -> Installer:
    options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    command = [npm(), "install", "--prefix", str(AZURITE_HOME), *options, f"azurite@{AZURITE_VERSION}"]
    return Installer(f"Azurite {AZURITE_VERSION}", command)
