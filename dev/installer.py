"""Runs package installers side by side, and says in one line why one failed."""

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

from dev.account import ours
from dev.errors import Complaint
from dev.process import launched

OFFLINE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET"
    r"|Failed to establish a new connection|name resolution|NameResolutionError|ConnectTimeout|ProxyError"
    r"|Network is unreachable|Connection refused"
)
SHOWN_LINES = 20


def _scratch_file() -> IO[str]:
    return tempfile.TemporaryFile("w+", errors="replace")


@dataclass
class Installer:
    """One command that fetches `what` from a package registry, as this machine configures it."""

    what: str
    command: list[str]
    output: IO[str] = field(default_factory=_scratch_file)
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; should we be killed it is too, before a next run repairs what it left."""
        self.popen = subprocess.Popen(
            launched(self.command, ours(), signal.SIGKILL),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ended(self) -> bool:
        """Say whether it has ended; raise `Complaint` if it failed, its output shown before."""
        if self.popen is None or self.popen.poll() is None:
            return False
        if self.popen.returncode != 0:
            self.output.seek(0)
            text = self.output.read().strip()
            reason = "failed, see above"
            if OFFLINE.search(text):
                reason = "failed because the package registry cannot be reached: check this machine's network"
            print("", *text.splitlines()[-SHOWN_LINES:], sep="\n")
            raise Complaint(f"installing {self.what} {reason}")
        return True

    def kill(self) -> None:
        """End it and all it started; its output is gone then."""
        if self.popen is not None and self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()
        self.output.close()


def fetch_all(installers: list[Installer], meanwhile: Callable[[], None]) -> None:
    """Run all at once, calling `meanwhile` again and again; one failure ends the others."""
    try:
        for installer in installers:
            installer.start()
        while not all([installer.ended() for installer in installers]):  # noqa: C419 - ask every one
            meanwhile()
            time.sleep(0.1)
    finally:
        for installer in installers:
            installer.kill()
