"""The seeds of the fuzz test: 200 by default, more with `--files 20000 --first-seed 1`."""

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize tests by their seeds."""
    if "seeds" in metafunc.fixturenames:
        first, files = metafunc.config.getoption("--first-seed"), metafunc.config.getoption("--files")
        metafunc.parametrize("seeds", [range(first, first + files)], ids=[f"{files} from {first}"])
