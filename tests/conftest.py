"""Loads the fixture modules and defines the command-line options of the fuzz test."""

import pytest

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.containers",
    "tests.fixtures.apps",
    "tests.fixtures.browsers",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--files` and `--first-seed`."""
    parser.addoption(
        "--files", type=int, default=200, help="number of mutated files that the fuzz test loads"
    )
    parser.addoption("--first-seed", type=int, default=1, help="seed of the first mutated file")
