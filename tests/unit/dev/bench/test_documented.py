"""The benchmark's page explains every case."""

from dev.bench.figures import CASES
from tests.fixtures.pages import Page, names


def test_the_page_explains_exactly_the_cases_there_are() -> None:
    cases, _ = Page("docs/explanation/benchmark.md").tables("case")
    assert names([row[0] for row in cases]) == list(CASES)
