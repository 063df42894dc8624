"""Reading rows: time of the handlers with many and few rows, and requests per second over HTTP."""

import base64
import json
import os
import subprocess
import sys
from contextlib import ExitStack

from dev.bench import database, figures
from dev.bench.figures import CHUNKS, DEEP_PAGE, FIRST_CHUNK, FIRST_PAGE, PAGES, RECENT_PAGE, Measurement
from dev.bench.load_generator import requests_per_second
from dev.bench.setup import Setup, running_app
from dev.paths import ROOT
from dev.stack import Endpoints

MANY_ROWS_FACTOR, FEW_ROWS_DIVISOR = 10, 100
_DEEP_PAGE, _PAGE_ROWS = 10_000, 50

# The ledger entry and the rows that a load of a file creates.
_INSERT_ENTRY = """
    insert into ingest.ingestions (id, container, path, etag, dataset, filename, state, rows_read,
        rows_inserted, rows_updated, rows_unchanged, rows_duplicate, rows_rejected, received_at, format)
    values (gen_random_uuid(), 'uploads', 'sales/a.csv', 'e', 'sales', 'a.csv', 'loaded', {rows},
        {rows}, 0, 0, 0, 0, now(),
        jsonb_build_object('header_line', 1, 'header_lines', 1, 'last_line', {rows} + 1))"""
_INSERT_ROWS = """
    insert into sales select 'SO' || lpad(n::text, 9, '0'), 1, timestamp '2019-07-01', 'Christy Zhu',
        'christy' || n || '@example.com', 'Mountain-100 Silver, 44', 1, 3399.9900, 271.9992,
        (select max(serial) from ingest.ingestions), n + 1
    from generate_series(1, {rows}) n"""


def measure(setup: Setup) -> list[Measurement]:
    """Time the handlers with many rows next to few rows; then send requests to the running app."""
    few, many = max(setup.rows // FEW_ROWS_DIVISOR, 1), setup.rows * MANY_ROWS_FACTOR
    timed = (FIRST_CHUNK, FIRST_PAGE, DEEP_PAGE, RECENT_PAGE)
    with ExitStack() as stack:
        small, large = (stack.enter_context(database.new_database(setup.postgres)) for _ in range(2))
        _fill(small, few)
        _fill(large, many)
        with_many, with_few = [], []
        for _ in range(setup.runs):
            with_many.append(_handler_seconds(setup, large, many))
            with_few.append(_handler_seconds(setup, small, few))
        rates = _rates(setup, large)
    columns = zip(timed, zip(*with_many, strict=True), zip(*with_few, strict=True), strict=True)
    return [*(figures.ratios(figure, list(many), list(few)) for figure, many, few in columns), *rates]


def _fill(url: str, rows: int) -> None:
    database.execute(url, _INSERT_ENTRY.format(rows=rows), _INSERT_ROWS.format(rows=rows))
    database.make_idle(url)


def _handler_seconds(setup: Setup, url: str, rows: int) -> list[float]:
    """Return the median seconds of each handler; with few rows, the deep page begins in the middle."""
    last = min(_DEEP_PAGE * _PAGE_ROWS, rows // 2)
    key = json.dumps(["key", f"SO{last:09}", "1"]).encode()
    cursor = base64.urlsafe_b64encode(key).decode().rstrip("=")
    settings = {"DATABASE_URL": url, "UPLOADS": setup.azurite.connection_string}
    done = subprocess.run(
        [sys.executable, "-m", "dev.bench.handler_timer", cursor],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def _rates(setup: Setup, url: str) -> list[Measurement]:
    paths = {CHUNKS: "/api/read/first-chunk", PAGES: "/api/read/sales"}
    rates: dict[figures.Figure, list[float]] = {figure: [] for figure in paths}
    with running_app(setup.folder / "reads", Endpoints(url, setup.azurite.connection_string)) as host:
        for _ in range(setup.runs + 1):  # the first run imports modules and is not counted
            for figure, path in paths.items():
                rates[figure].append(requests_per_second(host.port, path))
    return [Measurement(figure, tuple(found[1:])) for figure, found in rates.items()]
