"""The browser that tests of the console drive: finds Chromium, and installs it where that can be done."""

import os
import shutil
import subprocess
from pathlib import Path

VARIABLE = "CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_OF_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_INSTALL = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]

MISSING = (
    "there is no Chromium: install it, on Debian and Ubuntu with `sudo apt-get install chromium`, or say "
    f"where one is with {VARIABLE}=/path/to/chromium, or leave its tests out with --no-browser"
)


def path() -> str | None:
    """Where Chromium is, or `None`."""
    told = os.environ.get(VARIABLE)
    if told:
        return shutil.which(told)
    found = (shutil.which(name) for name in _NAMES)
    return next(filter(None, found), str(_OF_MACOS) if _OF_MACOS.exists() else None)


def ensure() -> None:
    """Install Chromium unless it is there; where that cannot be done, its tests will say what to do."""
    if path() or os.environ.get(VARIABLE):
        return
    print("── Chromium, for the tests of the console", flush=True)
    if not (os.geteuid() == 0 and shutil.which("apt-get")):
        print(f"   {MISSING}", flush=True)
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], _INSTALL):
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(f"   `{' '.join(command)}` failed: {done.stderr.strip()[-500:]}", flush=True)
    print("   installed" if path() else f"   {MISSING}", flush=True)
