"""Times handlers, started as `python -m dev.bench.handler_timer`, settings from the environment."""

import json
import statistics
import sys
import time
from collections.abc import Callable

import azure.functions as func

from read_http import rows

_OK = 200
_WARM, _TIMES = 20, 200
Handler = Callable[[func.HttpRequest], func.HttpResponse]


def main(after: str) -> None:
    """Print the median seconds of the first chunk, the first page, the one behind `after`, the recent one."""
    page = {"dataset": "sales"}
    asked: list[tuple[Handler, dict[str, str], dict[str, str]]] = [
        (rows.first_chunk, {}, {}),
        (rows.page, page, {}),
        (rows.page, page, {"after": after}),
        (rows.page, page, {"order": "recent"}),
    ]
    for handler, route, query in asked:
        _seconds(handler, route, query, _WARM)
    print(json.dumps([_seconds(handler, route, query, _TIMES) for handler, route, query in asked]))


def _seconds(handler: Handler, route: dict[str, str], query: dict[str, str], times: int) -> float:
    request = func.HttpRequest("GET", "http://host/api/x", params=query, route_params=route, body=b"")
    measured = []
    for _ in range(times):
        begun = time.perf_counter()
        if handler(request).status_code != _OK:
            raise RuntimeError("a handler did not answer")
        measured.append(time.perf_counter() - begun)
    return statistics.median(measured)


if __name__ == "__main__":
    main(sys.argv[1])
