"""`python3 dev bench`, run for real on a small file."""

from tests.e2e.stack.conftest import Dev


def test_the_benchmark_prints_a_table_of_every_way(dev: Dev) -> None:
    bench = dev("bench", "--rows", "200", "--runs", "1")
    assert bench.wait(120) == 0, bench.errors
    _, table = bench.output.split("\n\n")
    heading, yardstick, *others = table.splitlines()
    assert heading.split() == ["way", "median", "s", "rows/s", "ratio"]
    assert yardstick.startswith(r"psql \copy")
    assert yardstick.endswith(" 1.00")
    assert len(others) == 4


def test_the_benchmark_explains_its_options_without_measuring(dev: Dev) -> None:
    bench = dev("bench", "--help")
    assert bench.wait() == 0
    assert "--rows" in bench.output
    assert "--runs" in bench.output
