"""The state of the running host: whether it is stopping, its loops, and its work in progress."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger("host")
_PAUSE_AFTER_A_BUG = 1.0


class Loop(threading.Thread):
    """Calls `step` repeatedly, even after it fails, until the host stops.

    `step` returns the seconds to wait before the next call; `wake` ends the wait early.
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
                log.exception("%s failed and continues", self.name)
                pause = _PAUSE_AFTER_A_BUG
            self._woken.wait(pause)
            self._woken.clear()

    def wake(self) -> None:
        """End the current wait."""
        self._woken.set()


class Lifecycle:
    """Shared by all parts of the host: `stopping` is set once, and work in progress is counted."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._loops: list[Loop] = []
        self._in_progress = 0
        self._changed = threading.Condition()

    def loop(self, name: str, step: Callable[[], float], *, while_stopping: bool = False) -> Loop:
        """Make a loop that ends when the host stops, or with the process if `while_stopping`."""
        loop = Loop(name, step, threading.Event() if while_stopping else self.stopping)
        self._loops.append(loop)
        return loop

    @contextmanager
    def work(self) -> Iterator[None]:
        """Count the enclosed work as in progress, so that a stop waits for it."""
        with self._changed:
            self._in_progress += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_progress -= 1
                self._changed.notify_all()

    def in_background(self, name: str, action: Callable[[], None]) -> None:
        """Run `action` once in a thread of its own, as work in progress."""

        def run() -> None:
            try:
                with self.work():
                    action()
            except Exception:
                log.exception("%s failed", name)

        threading.Thread(target=run, name=name, daemon=True).start()

    def stop(self) -> None:
        """End every loop."""
        self.stopping.set()
        for loop in self._loops:
            loop.wake()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no work is in progress; False if that takes longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_progress == 0, timeout=seconds)
