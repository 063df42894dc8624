"""What every test may use; the fixtures live in modules of their own."""

import pytest

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.containers",
    "tests.fixtures.apps",
    "tests.fixtures.browsers",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """How thorough to be where the number of cases is a matter of patience."""
    parser.addoption("--files", type=int, default=200, help="mutated files that the fuzz test loads")
    parser.addoption("--first-seed", type=int, default=1, help="seed of the first of them")
