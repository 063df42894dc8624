r"""`python3 dev bench`: measure this app next to `\copy` and other loaders, and print a table."""

import argparse
import os
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from loguru import logger

from dev.azurite import Azurite
from dev.bench import database, http_reads, import_time, loads, many_files, memory, other_loaders
from dev.bench.figures import CASES, CASES_WITH_PACKAGES, FRESH, LOADS, OTHER_LOADERS, Figure, Measurement
from dev.bench.report import Report, draw_chart, of_cases
from dev.bench.setup import Setup, describe_machine
from dev.postgres import Postgres
from dev.progress import Steps
from dev.readiness import create_container
from dev.stack import bypass_proxy

Measure = Callable[[Setup], list[Measurement]]


def main(arguments: list[str]) -> int:
    """Run the benchmark; return 0 if every load had the expected result, whether or not goals are reached."""
    options = _parser().parse_args(arguments)
    logger.disable("shared")
    bypass_proxy(os.environ)
    if CASES_WITH_PACKAGES & set(options.only):
        other_loaders.ensure_installed()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        setup = Setup(data, Postgres(data), Azurite(data), options.rows, options.runs)
        try:
            report = _run(setup, options.only)
        finally:
            setup.azurite.stop()
            setup.postgres.stop()
    print(f"\n{report.table()}")
    for path, text in ((options.json, report.json()), (options.svg, draw_chart(report))):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 0


def positive(text: str) -> int:
    """Parse a whole number above 0."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python3 dev bench", description=__doc__)
    parser.add_argument(
        "--rows", type=positive, default=1_000_000, help="rows of the file (default: 1000000)"
    )
    parser.add_argument(
        "--runs", type=positive, default=3, help="how often each figure is measured (default: 3)"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=CASES,
        default=CASES,
        metavar="CASE",
        help=f"one or more of {', '.join(CASES)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a chart of the ratios to FILE")
    return parser


def _run(setup: Setup, cases: Collection[str]) -> Report:
    parts = _parts(cases)
    steps = Steps("bench", len(parts) + 1)
    with steps.step("servers"):
        setup.postgres.start()
        database.create_template(setup.postgres)
        setup.azurite.start()
        create_container(setup.azurite.connection_string)
    measurements: list[Measurement] = []
    for title, measure in parts.items():
        with steps.step(title):
            measurements += measure(setup)
    machine = describe_machine(setup.postgres.url)
    return Report(machine, setup.rows, setup.runs, of_cases(measurements, cases))


def _parts(cases: Collection[str]) -> dict[str, Measure]:
    timed = _chosen(LOADS, {*cases, FRESH.case} if "cpu" in cases else cases)
    others = _chosen(OTHER_LOADERS, cases)
    parts: dict[str, tuple[bool, Measure]] = {
        "loads": (bool(timed), lambda setup: loads.measure(setup, timed)),
        "inferred loads": ("inferred" in cases, loads.measure_inferred),
        "memory": ("memory" in cases, memory.measure),
        "files": ("files" in cases, many_files.measure),
        "reading": ("reading" in cases, http_reads.measure),
        "import": ("import" in cases, import_time.measure),
        "other loaders": (bool(others), lambda setup: other_loaders.measure(setup, others)),
    }
    return {title: measure for title, (wanted, measure) in parts.items() if wanted}


def _chosen(figures: Collection[Figure], cases: Collection[str]) -> list[Figure]:
    return [figure for figure in figures if figure.case in cases]
