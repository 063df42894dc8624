"""`python3 dev bench` with a small file."""

import json
from pathlib import Path

from tests.e2e.dev.conftest import Dev

CASES = ("colliding", "rejected", "cpu", "memory")
REPORTED = ["baseline", "colliding", "rejected", "cpu", "memory", "memory", "memory"]


def test_the_benchmark_reports_the_chosen_cases_as_table_json_and_chart(dev: Dev, tmp_path: Path) -> None:
    files = ("--json", str(tmp_path / "new" / "bench.json"), "--svg", str(tmp_path / "bench.svg"))
    bench = dev("bench", "--rows", "2000", "--runs", "1", "--only", *CASES, *files)
    assert bench.wait(120) == 0, bench.errors
    head, _, baseline, *others = bench.output.partition("\n\n")[2].strip().splitlines()
    assert head.startswith("| case |")
    assert baseline.startswith(r"| psql `\copy`")
    assert len(others) == len(REPORTED) - 1
    figures = json.loads((tmp_path / "new" / "bench.json").read_text())["figures"]
    assert [one["case"] for one in figures] == REPORTED
    assert all(value > 0 for one in figures for value in one["values"])
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")
