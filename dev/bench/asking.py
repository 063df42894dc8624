"""A small load generator: connections that are kept, each asking again as soon as it has its answer."""

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing

CONNECTIONS = 4
_SECONDS = 4.0
_OK = 200


def a_second(port: int, paths: Sequence[str]) -> float:
    """Answers a second, to requests for `paths` in turn; a process of its own asks, the connections in threads."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(_ask, port, tuple(paths)).result()
