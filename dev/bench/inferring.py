"""The load of a file for a dataset that nobody declared, in turn with the declared load of the same file."""

import time

from dev.bench import database, figures
from dev.bench.app_load import Expected, OurLoad, require
from dev.bench.figures import INFERRED, Measured
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setting
from shared.ledger.tables import State

_KEY = {"key": "SalesOrderNumber,SalesOrderLineNumber"}
_DECLARED, _INFERRED = "sales/first.csv", "sold/first.csv"
_WARM = "warm/small.csv"
"""A small file of another dataset that nobody declared: a worker at work has imported everything."""


def measure(setting: Setting) -> list[Measured]:
    """Time both, each on a database of its own; the key is the same, so that only the inference differs."""
    everything = setting.file(range(setting.rows))
    setting.upload(SMALL_BLOB, setting.small_file())
    setting.upload(_WARM, setting.small_file(), _KEY)
    setting.upload(_DECLARED, everything)
    setting.upload(_INFERRED, everything, _KEY)
    pairs = [(_time(setting, _INFERRED), _time(setting, _DECLARED)) for _ in range(setting.runs)]
    return [
        figures.ratios(INFERRED, [inferred for inferred, _ in pairs], [declared for _, declared in pairs])
    ]


def _time(setting: Setting, blob: str) -> float:
    name = blob.partition("/")[0]
    there = SMALL_ROWS if name == "sales" else 0
    with database.fresh(setting.postgres) as url:
        ours = OurLoad(url, setting.azurite.connection_string)
        ours(SMALL_BLOB)
        ours(_WARM)
        database.settle(url)
        begun = time.perf_counter()
        outcome = ours(blob)
        seconds = time.perf_counter() - begun
        ours.close()
        rows = setting.rows
        require(url, outcome.ingestion_id, Expected(State.LOADED, there + rows, rows, 0, 0, 0), name)
    return seconds
