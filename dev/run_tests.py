"""`python3 dev test`: the style and type checks, then the tests."""

import os
import signal
import subprocess
import sys
import time

from dev import browser
from dev.account import ours
from dev.paths import ROOT
from dev.process import launched
from dev.stack import stay_off_proxies

CHECKS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
}

AT_ONCE = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
"""Each worker has a Postgres and an Azurite of its own; the tests of one file run in one of them, in order.

`-n 0` among the arguments, or `--pdb`, keeps to one process."""


def test(arguments: list[str], *, checks: bool) -> int:
    """Run the checks, then pytest with `arguments`; return the first exit code that is not 0.

    A failed check does not keep the tests from running: one run tells everything.
    """
    stay_off_proxies(os.environ)
    if "--no-browser" not in arguments:
        browser.ensure()
    codes = {name: _run(name, command) for name, command in CHECKS.items()} if checks else {}
    failed = [name for name, code in codes.items() if code != 0]
    if codes:
        print(f"checks: {len(codes) - len(failed)} of {len(codes)} passed", flush=True)
    code = _run("pytest", ["pytest", *AT_ONCE, *arguments])
    if failed:
        print(f"python3 dev: failed besides: {', '.join(failed)} (see above)", file=sys.stderr)
    return code or next((one for one in codes.values() if one != 0), 0)


def _run(name: str, module: list[str]) -> int:
    print(f"── {name}", flush=True)
    began = time.monotonic()
    command = launched([sys.executable, "-m", *module], ours(), signal.SIGTERM)
    with subprocess.Popen(command, cwd=ROOT) as running:
        # Ctrl-C reaches it too, and it says by itself how far it came: wait for that.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            code = running.wait()
        finally:
            running.terminate()
            signal.signal(signal.SIGINT, before)
    if name != "pytest":
        print(f"   {'passed' if code == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
    return code
