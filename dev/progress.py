"""Numbered steps on the terminal, each with the seconds that it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 5


class Steps:
    """Prints the steps 1 to `total`, each line starting with `[name 1/total]`."""

    def __init__(self, name: str, total: int) -> None:
        self.name = name
        self.total = total
        self.started = 0

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """Print `[name 1/5] title …` and, when the block ends, the step's remarks and its seconds."""
        self.started += 1
        print(f"[{self.name} {self.started}/{self.total}] {title} …", end="", flush=True)
        current = Step()
        try:
            yield current
        except BaseException:
            print(flush=True)
            raise
        print(f" {current.remarks}{time.monotonic() - current.began:.1f} s", flush=True)


class Step:
    """A step that is running."""

    def __init__(self) -> None:
        self.began = self.last_dot = time.monotonic()
        self.remarks = ""

    def add_remark(self, remark: str) -> None:
        """Print `remark` before the step's seconds."""
        self.remarks += f"{remark}, "

    def heartbeat(self) -> None:
        """Print a dot every five seconds, so that a long step does not look stuck."""
        if time.monotonic() - self.last_dot > HEARTBEAT_SECONDS:
            print(".", end="", flush=True)
            self.last_dot = time.monotonic()
