"""Numbered steps on the terminal, each with the seconds it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Steps:
    """Counts steps up to `total`; `name` stands before each."""

    def __init__(self, name: str, total: int) -> None:
        self.name = name
        self.total = total
        self.done = 0

    @contextmanager
    def step(self, what: str) -> Iterator["Step"]:
        """Print `[name 1/5] what …`, and at the end what the step said and its seconds."""
        self.done += 1
        print(f"[{self.name} {self.done}/{self.total}] {what} …", end="", flush=True)
        current = Step()
        try:
            yield current
        except BaseException:
            print(flush=True)
            raise
        print(f" {current.said}{time.monotonic() - current.began:.1f} s", flush=True)


class Step:
    """One step while it lasts."""

    def __init__(self) -> None:
        self.began = self.seen = time.monotonic()
        self.said = ""

    def say(self, what: str) -> None:
        """Add a word to the line."""
        self.said += f"{what}, "

    def still_alive(self) -> None:
        """Print a dot every five seconds, so that a long step does not look stuck."""
        if time.monotonic() - self.seen > HEARTBEAT_SECONDS:
            print(".", end="", flush=True)
            self.seen = time.monotonic()


HEARTBEAT_SECONDS = 5
