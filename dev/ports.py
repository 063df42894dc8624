"""TCP ports of this machine's loopback address."""

import socket
from contextlib import ExitStack

from dev.errors import Complaint

LOOPBACK = "127.0.0.1"


def free(count: int) -> list[int]:
    """Return `count` different ports nobody listens on; held together so that none comes twice."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def claim(port: int) -> None:
    """Raise `Complaint` unless a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise Complaint(
                f"cannot listen on port {port} ({error.strerror}): stop what uses it, or choose another "
                "with --port"
            ) from error
