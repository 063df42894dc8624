"""Times HTTP handlers: `python -m dev.bench.handler_timer CURSOR`, settings from the environment."""

import json
import statistics
import sys
import time
from collections.abc import Callable

import azure.functions as func

from read_http import rows

_OK = 200
_WARM_UP_CALLS, _TIMED_CALLS = 20, 200
Handler = Callable[[func.HttpRequest], func.HttpResponse]


def main(cursor: str) -> None:
    """Print the median seconds of the first chunk, first page, page after `cursor`, and recent rows."""
    route = {"dataset": "sales"}
    requests: list[tuple[Handler, dict[str, str], dict[str, str]]] = [
        (rows.first_chunk, {}, {}),
        (rows.list_rows, route, {}),
        (rows.list_rows, route, {"after": cursor}),
        (rows.list_rows, route, {"order": "recent"}),
    ]
    for request in requests:
        _median_seconds(*request, _WARM_UP_CALLS)
    print(json.dumps([_median_seconds(*request, _TIMED_CALLS) for request in requests]))


def _median_seconds(handler: Handler, route: dict[str, str], query: dict[str, str], calls: int) -> float:
    request = func.HttpRequest("GET", "http://host/api/x", params=query, route_params=route, body=b"")
    measured = []
    for _ in range(calls):
        began = time.perf_counter()
        if handler(request).status_code != _OK:
            raise RuntimeError("a handler's status was not 200")
        measured.append(time.perf_counter() - began)
    return statistics.median(measured)


if __name__ == "__main__":
    main(sys.argv[1])
