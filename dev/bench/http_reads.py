"""Reading rows back: how long handlers take with many and few rows, and how many requests a second go."""

import base64
import json
import os
import subprocess
import sys
from contextlib import ExitStack

from dev import ports
from dev.bench import database, figures
from dev.bench import load_generator as asking
from dev.bench.figures import CHUNKS, DEEP_PAGE, FIRST_CHUNK, FIRST_PAGE, PAGES, RECENT_PAGE, Measured
from dev.bench.setup import Setting
from dev.errors import Complaint
from dev.functions_host import FunctionsHost
from dev.paths import ROOT
from dev.stack import Endpoints

TIMES_MORE, TIMES_FEWER = 10, 100
_START_SECONDS = 60
_DEEP_PAGE, _PAGE = 10_000, 50

# As a load of a file leaves it.
_ENTER = """
    insert into ingest.ingestions (id, container, path, etag, dataset, filename, state, rows_read,
        rows_inserted, rows_updated, rows_unchanged, rows_duplicate, rows_rejected, received_at, format)
    values (gen_random_uuid(), 'uploads', 'sales/a.csv', 'e', 'sales', 'a.csv', 'loaded', {rows},
        {rows}, 0, 0, 0, 0, now(),
        jsonb_build_object('header_line', 1, 'header_lines', 1, 'last_line', {rows} + 1))"""
_FILL = """
    insert into sales select 'SO' || lpad(n::text, 9, '0'), 1, timestamp '2019-07-01', 'Christy Zhu',
        'christy' || n || '@example.com', 'Mountain-100 Silver, 44', 1, 3399.9900, 271.9992,
        (select max(serial) from ingest.ingestions), n + 1
    from generate_series(1, {rows}) n"""


def measure(setting: Setting) -> list[Measured]:
    """Handlers with many rows beside those with few, in turn; then requests to the app in its host."""
    few, many = max(setting.rows // TIMES_FEWER, 1), setting.rows * TIMES_MORE
    with ExitStack() as started:
        small, large = (started.enter_context(database.fresh(setting.postgres)) for _ in range(2))
        _fill(small, few)
        _fill(large, many)
        titles = (FIRST_CHUNK, FIRST_PAGE, DEEP_PAGE, RECENT_PAGE)
        timed: list[list[tuple[float, float]]] = [[] for _ in titles]
        for _ in range(setting.runs):
            pairs = zip(_times(setting, large, many), _times(setting, small, few), strict=True)
            for figure, pair in zip(timed, pairs, strict=True):
                figure.append(pair)
        rates = _rates(setting, large)
    ratios = [
        figures.ratios(figure, [ours for ours, _ in pairs], [theirs for _, theirs in pairs])
        for figure, pairs in zip(titles, timed, strict=True)
    ]
    return [*ratios, *rates]


def _fill(url: str, rows: int) -> None:
    database.execute(url, _ENTER.format(rows=rows), _FILL.format(rows=rows))
    database.settle(url)


def _times(setting: Setting, url: str, rows: int) -> list[float]:
    """Median seconds of each handler; of few rows, the page 10,000 begins in the middle."""
    last = min(_DEEP_PAGE * _PAGE, rows // 2)
    place = json.dumps(["key", f"SO{last:09}", "1"]).encode()
    command = [
        sys.executable,
        "-m",
        "dev.bench.handler_timer",
        base64.urlsafe_b64encode(place).decode().rstrip("="),
    ]
    settings = {"DATABASE_URL": url, "UPLOADS": setting.azurite.connection_string}
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def _rates(setting: Setting, url: str) -> list[Measured]:
    with ExitStack() as started:
        endpoints = Endpoints(url, setting.azurite.connection_string)
        host = FunctionsHost("local", ports.free(1)[0], setting.folder / "reading", endpoints)
        (setting.folder / "reading").mkdir()
        started.callback(host.stop)
        child = host.start(os.environ)
        if not (child.came_up(host.is_healthy, _START_SECONDS) and host.is_healthy()):
            raise Complaint(f"the host did not start: {child.last_lines()}")
        port = int(host.url.rpartition(":")[2])
        asked = ((CHUNKS, "/api/read/first-chunk"), (PAGES, "/api/read/sales"))
        rates: dict[figures.Figure, list[float]] = {figure: [] for figure, _ in asked}
        for _ in range(setting.runs + 1):  # the first time in turn imports
            for figure, path in asked:
                rates[figure].append(asking.a_second(port, path))
    return [Measured(figure, tuple(found[1:])) for figure, found in rates.items()]
