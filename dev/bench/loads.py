r"""The timed loads: each in a new database, next to `\copy` of the file with all rows."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from dev.bench import database, figures, sales_file
from dev.bench.app_load import AppLoad, ExpectedResult, check_result
from dev.bench.figures import BASELINE, CPU, FRESH, INFERRED, Figure, Measurement
from dev.bench.sales_file import Edition
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setup
from shared.ledger.tables import State

_COLLIDING_EVERY = 100
_CPU_ROWS = 1_000_000
_KEY = {"key": "SalesOrderNumber,SalesOrderLineNumber"}
_DECLARED_BLOB, _INFERRED_BLOB = "sales/first.csv", "sold/first.csv"
_SMALL_INFERRED_BLOB = "warm/small.csv"
"""A small file of another inferred dataset: loading it imports everything that inference needs."""


@dataclass(frozen=True)
class Load:
    """A blob, the blob that is loaded before it, and the expected result."""

    blob: str
    before: str | None
    expected: ExpectedResult


def measure(setup: Setup, chosen: Iterable[Figure]) -> list[Measurement]:
    """Time the loads of the figures `chosen`, and the CPU of the fresh one."""
    wanted = {figure: load for figure, load in _loads(setup.rows).items() if figure in chosen}
    _upload(setup)
    seconds: dict[Figure, list[float]] = {figure: [] for figure in wanted}
    baseline: dict[Figure, list[float]] = {figure: [] for figure in wanted}
    cpu: list[float] = []
    for _ in range(setup.runs):
        for figure, load in wanted.items():
            copied, loaded, busy = _time(setup, load)
            baseline[figure].append(copied)
            seconds[figure].append(loaded)
            if figure is FRESH:
                cpu.append(busy * _CPU_ROWS / setup.rows)
    copies = tuple(one for figure in wanted for one in baseline[figure])
    measured = [figures.ratios(figure, seconds[figure], baseline[figure]) for figure in wanted]
    return [
        Measurement(BASELINE, (1.0,), copies),
        *measured,
        *([Measurement(CPU, tuple(cpu))] if cpu else []),
    ]


def _loads(rows: int) -> dict[Figure, Load]:
    existing = len(range(0, rows, _COLLIDING_EVERY))
    faulty = sales_file.faulty(rows)
    return {
        figures.FRESH: Load("sales/first.csv", None, _loaded(rows, inserted=rows)),
        figures.SAME_BYTES: Load(
            "sales/again.csv", "sales/first.csv", ExpectedResult(State.DUPLICATE, SMALL_ROWS + rows)
        ),
        figures.UNCHANGED: Load("sales/reverse.csv", "sales/first.csv", _loaded(rows, unchanged=rows)),
        figures.CHANGED: Load("sales/changed.csv", "sales/first.csv", _loaded(rows, updated=rows)),
        figures.COLLIDING: Load(
            "sales/first.csv", "sales/sparse.csv", _loaded(rows, inserted=rows - existing, updated=existing)
        ),
        figures.REJECTED: Load(
            "sales/faulty.csv", None, _loaded(rows - faulty, inserted=rows - faulty, rejected=faulty)
        ),
    }


def _loaded(rows: int, **counts: int) -> ExpectedResult:
    all_counts = {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0, **counts}
    return ExpectedResult(State.LOADED, SMALL_ROWS + rows, **all_counts)


def _upload(setup: Setup) -> None:
    every_row = range(setup.rows)
    setup.upload(SMALL_BLOB, setup.small_file())
    for blob, numbers, edition in (
        ("first", every_row, Edition.FIRST),
        ("again", every_row, Edition.FIRST),
        ("reverse", every_row[::-1], Edition.FIRST),
        ("changed", every_row, Edition.CHANGED),
        ("sparse", every_row[::_COLLIDING_EVERY], Edition.CHANGED),
        ("faulty", every_row, Edition.FAULTY),
    ):
        setup.upload(f"sales/{blob}.csv", setup.file(numbers, edition))


def _time(setup: Setup, load: Load) -> tuple[float, float, float]:
    r"""Return the seconds of `\copy`, of the load, and of this process' CPU during the load."""
    with database.new_database(setup.postgres) as url:
        app_load = AppLoad(url, setup.azurite.connection_string)
        app_load(SMALL_BLOB)  # imports everything and opens the connections
        if load.before:
            app_load(load.before)
        copied = database.copy_seconds(setup.postgres, url, setup.file(range(setup.rows)))
        database.make_idle(url)
        began, cpu_before = time.perf_counter(), time.process_time()
        outcome = app_load(load.blob)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_before
        app_load.close()
        check_result(url, outcome.ingestion_id, load.expected)
    return copied, seconds, cpu


def measure_inferred(setup: Setup) -> list[Measurement]:
    """Time the load of a new inferred dataset next to the load of the same file with a contract.

    Each has a new database. Both have the same key, so that only the inference differs.
    """
    every_row = setup.file(range(setup.rows))
    setup.upload(SMALL_BLOB, setup.small_file())
    setup.upload(_SMALL_INFERRED_BLOB, setup.small_file(), _KEY)
    setup.upload(_DECLARED_BLOB, every_row)
    setup.upload(_INFERRED_BLOB, every_row, _KEY)
    inferred, declared = [], []
    for _ in range(setup.runs):
        inferred.append(_time_either(setup, _INFERRED_BLOB))
        declared.append(_time_either(setup, _DECLARED_BLOB))
    return [figures.ratios(INFERRED, inferred, declared)]


def _time_either(setup: Setup, blob: str) -> float:
    dataset = blob.partition("/")[0]
    rows_before = SMALL_ROWS if dataset == "sales" else 0
    with database.new_database(setup.postgres) as url:
        app_load = AppLoad(url, setup.azurite.connection_string)
        app_load(SMALL_BLOB)
        app_load(_SMALL_INFERRED_BLOB)
        database.make_idle(url)
        began = time.perf_counter()
        outcome = app_load(blob)
        seconds = time.perf_counter() - began
        app_load.close()
        rows = setup.rows
        expected = ExpectedResult(State.LOADED, rows_before + rows, rows, 0, 0, 0)
        check_result(url, outcome.ingestion_id, expected, dataset)
    return seconds
