"""Whether the host is stopping, the loops it keeps running, and the work it has in flight."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("host")
_PAUSE_AFTER_A_BUG = 1.0


class Loop(threading.Thread):
    """Calls `step` again and again, however often it fails, until the host stops.

    `step` answers how many seconds to rest before the next call; `wake` ends the rest early.
    """

    def __init__(self, name: str, step: Callable[[], float], stopping: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._step = step
        self._stopping = stopping
        self._woken = threading.Event()

    def run(self) -> None:
        """Run until the host stops."""
        while not self._stopping.is_set():
            try:
                pause = self._step()
            except Exception:
                log.exception("%s failed and goes on", self.name)
                pause = _PAUSE_AFTER_A_BUG
            self._woken.wait(pause)
            self._woken.clear()

    def wake(self) -> None:
        """End the current rest."""
        self._woken.set()


class Lifecycle:
    """Shared by everything that runs: `stopping` is set once, and work in flight is counted."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._loops: list[Loop] = []
        self._in_flight = 0
        self._changed = threading.Condition()

    def loop(self, name: str, step: Callable[[], float], *, while_stopping: bool = False) -> Loop:
        """Make a loop, for the caller to start, that ends when the host stops or, `while_stopping`, exits."""
        loop = Loop(name, step, threading.Event() if while_stopping else self.stopping)
        self._loops.append(loop)
        return loop

    @contextmanager
    def work(self) -> Iterator[None]:
        """Count the enclosed work as in flight, so that a stop waits for it."""
        with self._changed:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def in_background(self, name: str, action: Callable[[], None]) -> None:
        """Run `action` once in a thread of its own, as work in flight."""

        def run() -> None:
            try:
                with self.work():
                    action()
            except Exception:
                log.exception("%s failed", name)

        threading.Thread(target=run, name=name, daemon=True).start()

    def stop(self) -> None:
        """Tell every loop to end."""
        self.stopping.set()
        for loop in self._loops:
            loop.wake()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no work is in flight; False when `seconds` were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_flight == 0, timeout=seconds)
