"""Stopping: the signals that ask for it, and how running functions come to their end."""

import logging
import os
import queue
import signal
import sys
import threading
import time

from dev.host.lifecycle import Lifecycle
from dev.host.running import Invocations
from dev.host.server import Server

log = logging.getLogger("host")
_RUNNING_SECONDS = 10.0
_INTERPRETER_SECONDS = 2.0
_IMPATIENCE_SECONDS = 1.0


class Signals:
    """SIGTERM and SIGINT, taken by the main thread one after the other."""

    def __init__(self) -> None:
        # A handler must not touch locks that the thread it interrupts may hold; SimpleQueue is made for this.
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda arrived, _frame: self._arrived.put(arrived))

    def wait(self) -> None:
        """Wait for the first signal."""
        self._arrived.get()

    def impatient(self, began: float) -> bool:
        """Tell whether Ctrl-C came again, more than a moment after `began` (a terminal may send it twice)."""
        try:
            number = self._arrived.get_nowait()
        except queue.Empty:
            return False
        return number == signal.SIGINT and time.monotonic() - began > _IMPATIENCE_SECONDS


def stop(server: Server, lifecycle: Lifecycle, invocations: Invocations, signals: Signals) -> None:
    """Take no new work, give running functions ten seconds, and leave; what did not end comes again."""
    began = time.monotonic()
    log.info("stopping: no new requests or messages; running: %s", _names(invocations))
    lifecycle.stop()
    server.shutdown()
    server.server_close()
    while not lifecycle.wait_until_idle(0.1):
        if signals.impatient(began) or time.monotonic() - began > _RUNNING_SECONDS:
            log.warning("stopped while running: %s", _names(invocations))
            _leave()
    log.info("stopped")
    # Exit handlers of the app get their chance; a thread of its own that never ends must not keep the host.
    watchdog = threading.Timer(_INTERPRETER_SECONDS, _leave)
    watchdog.daemon = True
    watchdog.start()


def _leave() -> None:
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _names(invocations: Invocations) -> str:
    return ", ".join(invocations.names()) or "nothing"
