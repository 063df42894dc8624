"""TCP ports on the loopback address of this machine."""

import socket
from contextlib import ExitStack

from dev.errors import UsageError

LOOPBACK = "127.0.0.1"


def free(count: int) -> list[int]:
    """Return `count` different ports that no program listens on."""
    with ExitStack() as stack:
        # All sockets stay bound until the last one is, so that no port is returned twice.
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def check_free(port: int) -> None:
    """Raise `UsageError` unless a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a port is free even if connections to it are still in TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UsageError(
                f"cannot listen on port {port} ({error.strerror}): stop the program that uses it, or choose "
                "another port with --port"
            ) from error
