"""The benchmark's table and JSON."""

import json

import pytest

from dev.bench import figures
from dev.bench.figures import CASES, Figure, Measurement, Unit
from dev.bench.report import of_cases
from tests.unit.dev.bench.sample_reports import CHANGED, FILES, FRESH, MACHINE, MEMORY, TO_SQL, report


def test_a_ratio_is_the_median_of_the_ratios_of_each_run() -> None:
    measurement = figures.ratios(figures.FRESH, [1.0, 10.0, 3.0], [1.0, 20.0, 1.0])
    assert measurement.values == (1.0, 0.5, 3.0)
    assert measurement.value == 1.0
    assert measurement.median_seconds == 3.0


def test_every_run_needs_its_baseline() -> None:
    with pytest.raises(ValueError, match="zip"):
        figures.ratios(figures.FRESH, [1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("goal", "at_least", "reached"),
    [(2.0, False, True), (1.9, False, False), (2.0, True, True), (2.1, True, False), (None, False, None)],
)
def test_a_goal_is_reached_by_an_equal_value(
    goal: float | None, at_least: bool, reached: bool | None
) -> None:
    figure = Figure("case", "title", Unit.SECONDS, goal, at_least)
    assert Measurement(figure, (2.0,)).reached is reached


def test_the_table_is_markdown_with_a_line_for_each_figure() -> None:
    head, rule, *lines = report(FRESH, CHANGED, TO_SQL, MEMORY, FILES).table().splitlines()
    assert head == "| case | median time | result | goal | reached |"
    assert rule.count("|") == 6
    times = "\N{MULTIPLICATION SIGN} `\\copy`"
    assert lines == [
        f"| fresh load, all rows new | 2.00 s | 1.00 {times} | ≤ 1 {times} | yes |",
        f"| every row changed | 6.00 s | 3.00 {times} | ≤ 2 {times} | **no** |",
        f"| pandas.read_csv and to_sql, multi; 2,000 rows, once | 98.00 s | 49.00 {times} |  |  |",
        "| peak memory above idle, 20,000 rows |  | 100 MB | ≤ 150 MB | yes |",
        "| 500 files of 250 rows uploaded at once | 10.00 s | 50.0 files/s | ≥ 40 files/s | yes |",
    ]


def test_the_json_has_the_seconds_of_every_run() -> None:
    found = json.loads(report(FRESH, MEMORY).json())
    assert found["machine"]["postgres"] == MACHINE.postgres
    assert (found["rows"], found["runs"]) == (20_000, 3)
    fresh, memory = found["figures"]
    assert (fresh["case"], fresh["goal"], fresh["goal_is"], fresh["reached"]) == ("fresh", 1, "at most", True)
    assert (fresh["seconds"], fresh["baseline_seconds"]) == ([1, 4, 2], [2, 2, 2])
    assert (fresh["values"], fresh["value"], fresh["median_seconds"]) == ([0.5, 2, 1], 1, 2)
    assert (memory["title"], memory["seconds"]) == ("peak memory above idle, 20,000 rows", [])


def test_only_the_chosen_cases_and_the_baseline_are_reported() -> None:
    baseline = Measurement(figures.BASELINE, (1.0,), (2.0,))
    assert of_cases([baseline, FRESH, MEMORY], ["memory"]) == (baseline, MEMORY)


def test_every_title_is_formatted() -> None:
    for figure in (*figures.APP_FIGURES, *figures.OTHER_LOADERS):
        assert "{" not in report().title(figure)


def test_every_figure_of_the_app_has_a_goal_and_a_case() -> None:
    assert {figure.case for figure in figures.APP_FIGURES if figure.goal is not None} <= set(CASES)
    assert all(figure.goal is not None for figure in figures.APP_FIGURES)
