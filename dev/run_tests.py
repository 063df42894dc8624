"""`python3 dev test`: run the style and type checks, then the tests."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from dev.paths import ROOT, VENV_PYTHON
from dev.process import child_command, current_account
from dev.stack import bypass_proxy

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": [str(VENV_PYTHON.with_name("lint-imports")), "--no-logo", "--no-cache"],
}
"""Name → arguments of `.venv`'s Python; import-linter cannot be run with `-m`."""

WORKERS = min((os.cpu_count() or 1) + 1, 4)
"""One more than processors, because end-to-end tests often wait for a server or a timer."""

PARALLEL = [f"--numprocesses={WORKERS}", "--dist=loadfile", "--no-loadscope-reorder"]
"""Each worker has its own Postgres and Azurite; the tests of a file run in one worker, in order.

`-n 0` among the arguments, or `--pdb`, uses one process."""

CHROMIUM = "CHROMIUM"
"""The environment variable with the path of Chromium."""
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_CHROME_ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_INSTALL_CHROMIUM = (
    ["apt-get", "update"],
    ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"],
)
CHROMIUM_MISSING = (
    "Chromium is missing: install it, on Debian and Ubuntu with `sudo apt-get install chromium`, or set "
    f"{CHROMIUM}=/path/to/chromium, or leave out the console tests with --no-browser"
)


def test(arguments: list[str], *, checks: bool) -> int:
    """Run the checks and then pytest with `arguments`; return the first exit code that is not 0.

    The tests also run after a failed check, so that one run reports everything.
    """
    bypass_proxy(os.environ)
    if "--no-browser" not in arguments:
        install_chromium()
    codes = {name: _run(name, command) for name, command in CHECKS.items()} if checks else {}
    failed = [name for name, code in codes.items() if code != 0]
    if codes:
        print(f"checks: {len(codes) - len(failed)} of {len(codes)} passed", flush=True)
    code = _run("pytest", ["-m", "pytest", *PARALLEL, *arguments])
    if failed:
        print(f"python3 dev: failed checks: {', '.join(failed)} (see above)", file=sys.stderr)
    return code or next((one for one in codes.values() if one != 0), 0)


def _run(name: str, arguments: list[str]) -> int:
    print(f"── {name}", flush=True)
    began = time.monotonic()
    command = child_command([sys.executable, *arguments], current_account(), signal.SIGTERM)
    with subprocess.Popen(command, cwd=ROOT) as running:
        # The child gets Ctrl-C too and prints how far it came: wait for that.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            code = running.wait()
        finally:
            running.terminate()
            signal.signal(signal.SIGINT, before)
    if name != "pytest":
        print(f"   {'passed' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
    return code


def find_chromium() -> str | None:
    """Return the path of Chromium, or None."""
    configured = os.environ.get(CHROMIUM)
    if configured:
        return shutil.which(configured)
    found = next(filter(None, map(shutil.which, _CHROMIUM_NAMES)), None)
    return found or (str(_CHROME_ON_MACOS) if _CHROME_ON_MACOS.exists() else None)


def install_chromium() -> None:
    """Install Chromium if it is missing and this process may; otherwise print what to do."""
    if find_chromium() or os.environ.get(CHROMIUM):
        return
    print("── Chromium, for the console tests", flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in _INSTALL_CHROMIUM:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                print(f"   `{' '.join(command)}` failed: {done.stderr.strip()[-500:]}", flush=True)
    print("   installed" if find_chromium() else f"   {CHROMIUM_MISSING}", flush=True)
