"""`python3 dev bench`: measures this app beside its goals, `\\copy` and other loaders, and prints a table."""

import argparse
import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from loguru import logger

from dev.azurite import Azurite
from dev.bench import chart, database, extras, inferring, loads, memory
from dev.bench import http_reads as reading
from dev.bench import import_time as importing
from dev.bench import many_files as dropping
from dev.bench import other_loaders as comparing
from dev.bench.figures import CASES, FRESH, LOADS, NEEDING_EXTRAS, OTHERS, Figure, Measured
from dev.bench.machine import look
from dev.bench.report import Report, only
from dev.bench.setup import Setting
from dev.postgres import Postgres
from dev.progress import Steps
from dev.readiness import create_container
from dev.stack import stay_off_proxies

Part = tuple[str, Callable[[Setting], list[Measured]]]


def main(arguments: list[str]) -> int:
    """Run the benchmark; 0 when all that was asked for was measured and came out right, goal or not."""
    options = _parser().parse_args(arguments)
    logger.disable("shared")
    stay_off_proxies(os.environ)
    if NEEDING_EXTRAS & set(options.only):
        extras.ensure()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        setting = Setting(data, Postgres(data), Azurite(data), options.rows, options.runs)
        try:
            report = _run(setting, options.only)
        finally:
            setting.azurite.stop()
            setting.postgres.stop()
    print(f"\n{report.table()}")
    for path, text in ((options.json, report.json()), (options.svg, chart.draw(report))):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 0


def above_0(text: str) -> int:
    """Read a count of at least 1."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python3 dev bench", description=__doc__)
    parser.add_argument("--rows", type=above_0, default=1_000_000, help="rows of the file (1000000)")
    parser.add_argument("--runs", type=above_0, default=3, help="times that each figure is measured (3)")
    parser.add_argument(
        "--only", nargs="+", choices=CASES, default=CASES, metavar="CASE", help=f"of {', '.join(CASES)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measured second to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="draw the ratios into FILE")
    return parser


def _run(setting: Setting, cases: Collection[str]) -> Report:
    parts = _parts(cases)
    steps = Steps("bench", len(parts) + 1)
    with steps.step("servers"):
        setting.postgres.start()
        database.make_template(setting.postgres)
        setting.azurite.start()
        create_container(setting.azurite.connection_string)
    measured: list[Measured] = []
    for what, measure in parts:
        with steps.step(what):
            measured += measure(setting)
    machine = look(setting.postgres.url)
    return Report(machine, setting.rows, setting.runs, only(measured, cases))


def _parts(cases: Collection[str]) -> list[Part]:
    timed = _chosen(LOADS, {*cases, FRESH.case} if "cpu" in cases else cases)
    others = _chosen(OTHERS, cases)
    parts: dict[str, tuple[bool, Callable[[Setting], list[Measured]]]] = {
        "loads": (bool(timed), lambda setting: loads.measure(setting, timed)),
        "inferred loads": ("inferred" in cases, inferring.measure),
        "memory": ("memory" in cases, memory.measure),
        "files": ("files" in cases, dropping.measure),
        "reading": ("reading" in cases, reading.measure),
        "import": ("import" in cases, importing.measure),
        "other loaders": (bool(others), lambda setting: comparing.measure(setting, others)),
    }
    return [(what, measure) for what, (wanted, measure) in parts.items() if wanted]


def _chosen(figures: Collection[Figure], cases: Collection[str]) -> list[Figure]:
    return [figure for figure in figures if figure.case in cases]
