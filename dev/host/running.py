"""The invocations that run right now, and which of them the calling code belongs to."""

import contextvars
import threading
import time
from dataclasses import dataclass, field

# The worker offers both: functions copy the context variable or set the thread-local in threads of their own.
invocation_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("invocation_id", default=None)
local = threading.local()


def current() -> str | None:
    """Id of the invocation that the calling thread or task works for."""
    return getattr(local, "invocation_id", None) or invocation_id.get()


@dataclass
class Running:
    """One running invocation."""

    function: str
    since: float = field(default_factory=time.monotonic)
    reported: bool = False


class Invocations:
    """All running invocations by id."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}

    def begin(self, invocation: str, function: str) -> None:
        """Note that `function` runs."""
        self._running[invocation] = Running(function)

    def end(self, invocation: str) -> None:
        """Forget an invocation."""
        self._running.pop(invocation, None)

    def function_of(self, invocation: str) -> str | None:
        """Name of the function that an invocation runs."""
        running = self._running.get(invocation)
        return running.function if running else None

    def names(self) -> list[str]:
        """Names of the functions that run, one entry an invocation."""
        return sorted(running.function for running in list(self._running.values()))

    def newly_overdue(self, timeout: float) -> list[tuple[str, str]]:
        """Answer (id, function) of what passed `timeout` seconds since the last call, each only once."""
        limit = time.monotonic() - timeout
        overdue = [(key, run) for key, run in list(self._running.items()) if run.since < limit]
        fresh = [(key, run) for key, run in overdue if not run.reported]
        for _, run in fresh:
            run.reported = True
        return [(key, run.function) for key, run in fresh]
