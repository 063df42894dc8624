r"""The timed loads: each on a database of its own, in turn with `\copy` of the file of all rows."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from dev.bench import database, figures, sales_file, yardstick
from dev.bench.app_load import Expected, OurLoad, require
from dev.bench.figures import CPU, FRESH, YARDSTICK, Figure, Measured
from dev.bench.sales_file import Edition
from dev.bench.setup import SMALL_BLOB, SMALL_ROWS, Setting
from shared.ledger.tables import State

_COLLIDING_EVERY = 100
_CPU_ROWS = 1_000_000


@dataclass(frozen=True)
class Load:
    """A blob that is loaded, after the blob `before` was, and what must come of it."""

    blob: str
    before: str | None
    expected: Expected


def measure(setting: Setting, chosen: Iterable[Figure]) -> list[Measured]:
    """Time the loads of the figures `chosen`, and the CPU of the fresh one."""
    wanted = {figure: load for figure, load in _loads(setting.rows).items() if figure in chosen}
    _upload(setting)
    seconds: dict[Figure, list[float]] = {figure: [] for figure in wanted}
    beside: dict[Figure, list[float]] = {figure: [] for figure in wanted}
    cpu: list[float] = []
    for _ in range(setting.runs):
        for figure, load in wanted.items():
            copied, ours, busy = _time(setting, load)
            beside[figure].append(copied)
            seconds[figure].append(ours)
            if figure is FRESH:
                cpu.append(busy * _CPU_ROWS / setting.rows)
    copies = tuple(one for figure in wanted for one in beside[figure])
    measured = [figures.ratios(figure, seconds[figure], beside[figure]) for figure in wanted]
    return [Measured(YARDSTICK, (1.0,), copies), *measured, *([Measured(CPU, tuple(cpu))] if cpu else [])]


def _loads(rows: int) -> dict[Figure, Load]:
    there = len(range(0, rows, _COLLIDING_EVERY))
    faulty = sales_file.faulty(rows)
    return {
        figures.FRESH: Load("sales/first.csv", None, _loaded(rows, inserted=rows)),
        figures.SAME_BYTES: Load(
            "sales/again.csv", "sales/first.csv", Expected(State.DUPLICATE, SMALL_ROWS + rows)
        ),
        figures.UNCHANGED: Load("sales/reverse.csv", "sales/first.csv", _loaded(rows, unchanged=rows)),
        figures.CHANGED: Load("sales/changed.csv", "sales/first.csv", _loaded(rows, updated=rows)),
        figures.COLLIDING: Load(
            "sales/first.csv", "sales/sparse.csv", _loaded(rows, inserted=rows - there, updated=there)
        ),
        figures.REJECTED: Load(
            "sales/faulty.csv", None, _loaded(rows - faulty, inserted=rows - faulty, rejected=faulty)
        ),
    }


def _loaded(rows: int, **counts: int) -> Expected:
    every = {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0, **counts}
    return Expected(State.LOADED, SMALL_ROWS + rows, **every)


def _upload(setting: Setting) -> None:
    everything = range(setting.rows)
    setting.upload(SMALL_BLOB, setting.small_file())
    for blob, numbers, edition in (
        ("first", everything, Edition.FIRST),
        ("again", everything, Edition.FIRST),
        ("reverse", everything[::-1], Edition.FIRST),
        ("changed", everything, Edition.CHANGED),
        ("sparse", everything[::_COLLIDING_EVERY], Edition.CHANGED),
        ("faulty", everything, Edition.FAULTY),
    ):
        setting.upload(f"sales/{blob}.csv", setting.file(numbers, edition))


def _time(setting: Setting, load: Load) -> tuple[float, float, float]:
    r"""Seconds of `\copy`, of our load, and of this process' CPU during it."""
    with database.fresh(setting.postgres) as url:
        ours = OurLoad(url, setting.azurite.connection_string)
        ours(SMALL_BLOB)  # a worker at work has imported everything, and holds its connections
        if load.before:
            ours(load.before)
        copied = yardstick.copy(setting.postgres, url, setting.file(range(setting.rows)))
        database.settle(url)
        begun, busy = time.perf_counter(), time.process_time()
        outcome = ours(load.blob)
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
        ours.close()
        require(url, outcome.ingestion_id, load.expected)
    return copied, seconds, busy
