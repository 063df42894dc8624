"""Invented measurements and a report for tests."""

from dev.bench import figures
from dev.bench.figures import Measurement
from dev.bench.report import Report
from dev.bench.setup import Machine

MACHINE = Machine("Linux x86_64", "a <processor>", 2, "3.11.7", "18.6", "2026-01-02T03:04:05+00:00")


def report(*measurements: Measurement) -> Report:
    return Report(MACHINE, rows=20_000, runs=3, measurements=measurements)


FRESH = figures.ratios(figures.FRESH, [1.0, 4.0, 2.0], [2.0, 2.0, 2.0])
CHANGED = figures.ratios(figures.CHANGED, [6.0], [2.0])
TO_SQL = figures.ratios(figures.TO_SQL, [98.0], [2.0])
MEMORY = Measurement(figures.MEMORY, (100.0, 90.0, 200.0))
FILES = Measurement(figures.FILES, (50.0,), (10.0,))
