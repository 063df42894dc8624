"""Log lines on standard output: time, level, logger, and the invocation they belong to."""

import datetime as dt
import logging
import os
import sys

from dev.host.invocation import Invocations, current_invocation


class InvocationFormatter(logging.Formatter):
    """Formats a record with the function and invocation it belongs to; continuation lines are indented."""

    def __init__(self, invocations: Invocations) -> None:
        super().__init__()
        self._invocations = invocations

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the base class names it so
        """Build the lines of the message; the base class appends a traceback below them."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        invocation = current_invocation()
        function = self._invocations.function_of(invocation) if invocation else None
        place = f" [{function} {invocation[:8]}]" if invocation and function else ""
        message = record.message.replace("\n", "\n  ")
        return f"{at[:23]}Z {record.levelname} {record.name}{place} {message}"


def configure(invocations: Invocations) -> None:
    """Send the root logger, and the host's own, to standard output.

    The host has a logger of its own, so that an app that changes the root logger (as it may in Azure,
    where the host is another process) does not silence the host.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(InvocationFormatter(invocations))
    debug = os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in ("1", "true")
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    host = logging.getLogger("host")
    host.addHandler(handler)
    host.propagate = False
    host.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.getLogger("azure").setLevel(logging.WARNING)
    # urllib3 warns when more threads than its ten pooled connections use storage, which is harmless here.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
