"""`python3 dev bench`, run for real on a small file."""

import json
from pathlib import Path

from tests.e2e.dev.conftest import Dev

CASES = ("colliding", "rejected", "cpu", "memory")
SHOWN = ["yardstick", "colliding", "rejected", "cpu", "memory", "memory", "memory"]


def test_the_benchmark_measures_what_is_asked_for_and_writes_it_down(dev: Dev, tmp_path: Path) -> None:
    files = ("--json", str(tmp_path / "new" / "bench.json"), "--svg", str(tmp_path / "bench.svg"))
    bench = dev("bench", "--rows", "2000", "--runs", "1", "--only", *CASES, *files)
    assert bench.wait(120) == 0, bench.errors
    head, _, yardstick, *others = bench.output.partition("\n\n")[2].strip().splitlines()
    assert head.startswith("| case |")
    assert yardstick.startswith(r"| psql `\copy`")
    assert len(others) == len(SHOWN) - 1
    figures = json.loads((tmp_path / "new" / "bench.json").read_text())["figures"]
    assert [one["case"] for one in figures] == SHOWN
    assert all(value > 0 for one in figures for value in one["values"])
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")


def test_the_benchmark_explains_its_options_without_measuring(dev: Dev) -> None:
    bench = dev("bench", "--help")
    assert bench.wait() == 0
    for option in ("--rows", "--runs", "--only", "--json", "--svg"):
        assert option in bench.output


def test_a_case_that_there_is_none_of_is_named_with_those_there_are(dev: Dev) -> None:
    bench = dev("bench", "--only", "warp")
    assert bench.wait() == 2
    assert "warp" in bench.errors
    assert "same-bytes" in bench.errors
