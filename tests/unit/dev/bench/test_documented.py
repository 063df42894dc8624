"""The documentation of the benchmark's cases."""

from dev.bench.figures import CASES
from tests.fixtures.pages import Page, names


def test_the_page_explains_every_case() -> None:
    cases, _ = Page("docs/explanation/benchmark.md").tables("case")
    assert names([row[0] for row in cases]) == list(CASES)
